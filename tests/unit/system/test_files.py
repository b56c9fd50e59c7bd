"""A file is written whole, where it is, and with the bytes of its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.system.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def test_line_ends_and_letters_are_written_as_they_are(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.toml", "x = 'é'\r\ny = 1\n", mode=0o644)
    assert (tmp_path / "a.toml").read_bytes() == b"x = '\xc3\xa9'\r\ny = 1\n"


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "a.toml"
    link.symlink_to("real/b.toml")
    for text in ("new", "newer"):
        write_atomically(link, text, mode=0o644)
        assert link.is_symlink()
        assert (tmp_path / "real" / "b.toml").read_text() == text
    assert [file.name for file in (tmp_path / "real").iterdir()] == ["b.toml"], "nothing is left over"


def test_an_existing_file_keeps_its_permissions_and_a_new_one_gets_the_given_ones(tmp_path: Path) -> None:
    file = tmp_path / "a"
    write_atomically(file, "1", mode=0o640)
    assert file.stat().st_mode & 0o777 == 0o640
    write_atomically(file, "2", mode=0o755)
    assert file.stat().st_mode & 0o777 == 0o640
