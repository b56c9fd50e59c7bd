"""Files are written whole, with their exact bytes; a lock waits for another process and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.system import files
from pulumi_d1.system.files import locked, prefix_errors, replacing, write_atomically
from pulumi_d1.system.log import show_messages

if TYPE_CHECKING:
    from pathlib import Path

HOLD_LOCK = """
import sys
from pathlib import Path
from pulumi_d1.system.files import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a temporary folder of the test's own, also for its processes."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def hold_lock(path: Path) -> subprocess.Popen[str]:
    """Return a process that has the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    return process


def interrupt_replacement(target: Path) -> None:
    with replacing(target) as file:
        file.write(b"new")
        raise KeyboardInterrupt


def test_line_ends_and_letters_are_written_unchanged(tmp_path: Path) -> None:
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
    assert [file.name for file in (tmp_path / "real").iterdir()] == ["b.toml"], "no temporary file is left behind"


def test_an_existing_file_keeps_its_permissions_and_a_new_one_gets_the_given_ones(tmp_path: Path) -> None:
    file = tmp_path / "a"
    write_atomically(file, "1", mode=0o640)
    assert file.stat().st_mode & 0o777 == 0o640
    write_atomically(file, "2", mode=0o755)
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_failed_replacement_leaves_no_temporary_file_and_the_old_text(tmp_path: Path, temporary_folder: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "directory").mkdir()
    (folder / "a").write_text("old")
    with pytest.raises(IsADirectoryError):
        write_atomically(folder / "directory", "new", mode=0o644)
    with pytest.raises(UnicodeEncodeError):
        write_atomically(folder / "a", "new \udcff", mode=0o644)
    with pytest.raises(KeyboardInterrupt):
        interrupt_replacement(folder / "a")
    assert sorted(path.name for path in folder.iterdir()) == ["a", "directory"]
    assert (folder / "a").read_text() == "old"
    assert list(temporary_folder.iterdir()) == []


def test_a_lock_waits_for_another_process_with_a_message_and_is_outside_the_folder(
    tmp_path: Path, temporary_folder: Path, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder)
    monkeypatch.setattr(files, "_SILENT_SECONDS", 0.1)
    with hold_lock(link) as process:

        def end_other_run(message: str) -> None:
            messages.append(message)
            process.communicate(timeout=10)

        show_messages(end_other_run)
        with locked(folder):
            assert process.returncode == 0
    assert messages == [f"Waiting for another run that is writing to {folder}"]
    assert list(folder.iterdir()) == []
    (lock_file,) = temporary_folder.iterdir()
    assert lock_file.stat().st_mode & 0o777 == 0o600


def test_a_killed_process_leaves_no_lock(tmp_path: Path, messages: list[str]) -> None:
    with hold_lock(tmp_path) as process:
        process.kill()
    with locked(tmp_path):
        assert messages == []


def test_a_lock_may_refuse_to_wait(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "a"):
        with pytest.raises(ConfigError, match=r"^a is in use$"), locked(tmp_path / "a", busy="a is in use"):
            pass
        with locked(tmp_path / "b", busy="b is in use"):
            pass


def test_errors_get_the_path_of_their_file(tmp_path: Path) -> None:
    for error, message in (
        (ConfigError("has no keys"), "a.toml: has no keys"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "a.toml: is not UTF-8 text"),
        (FileNotFoundError(2, "No such file or directory"), "a.toml: cannot be read or written: No such file"),
    ):
        with pytest.raises(ConfigError, match=f"^{message}"), prefix_errors("a.toml"):
            raise error
    assert list(tmp_path.glob("a.toml")) == []
