"""The block between two markers is replaced; every other byte of the document stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_d1.errors import ConfigError
from pulumi_d1.reports.document_file import block_difference, with_block, write_block

if TYPE_CHECKING:
    from pathlib import Path

BEGIN, END = "<!-- d1 status -->", "<!-- /d1 status -->"
TABLE = "| a |\n|---|\n| 1 |\n"

proses = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: BEGIN not in text and END not in text)
blocks = st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])))


@settings(deadline=None)
@given(before=proses, old=proses, after=proses, new=blocks)
def test_only_the_block_changes(before: str, old: str, after: str, new: list[str]) -> None:
    head, tail = f"{before}\n{BEGIN}\n", f"{END}\n{after}"
    block = "".join(f"{line}\n" for line in new)
    text = with_block(f"{head}{old}\n{tail}", "d1 status", block)
    assert text.startswith(head)
    assert text.endswith(tail)
    between = text[len(head) : len(text) - len(tail)]
    assert between.replace("\r\n", "\n") == block
    assert with_block(text, "d1 status", block) == text


@settings(deadline=None)
@given(proses)
def test_a_document_without_markers_gets_them_at_its_end_and_only_once(text: str) -> None:
    written = with_block(text, "d1 status", TABLE)
    assert written.startswith(text)
    added = written[len(text) :].replace("\r\n", "\n")
    assert added.lstrip("\n") == f"{BEGIN}\n{TABLE}{END}\n"
    assert with_block(written, "d1 status", TABLE) == written


def test_the_line_ends_of_the_file_are_kept() -> None:
    text = with_block(f"# Title\r\n\r\n{BEGIN}\r\nold\r\n{END}\r\n", "d1 status", TABLE)
    assert text == f"# Title\r\n\r\n{BEGIN}\r\n| a |\r\n|---|\r\n| 1 |\r\n{END}\r\n"


def test_a_marker_inside_of_a_line_does_not_count() -> None:
    text = f"Put `{BEGIN}` and `{END}` into it.\n\n{BEGIN}\n{END}\n"
    assert with_block(text, "d1 status", TABLE) == text.replace(f"\n{BEGIN}\n", f"\n{BEGIN}\n{TABLE}")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (f"{BEGIN}\n", f"{BEGIN} in line 1"),
        (f"a\n{END}\n{BEGIN}\n", f"{END} in line 2, {BEGIN} in line 3"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", f"{BEGIN} in line 1, {BEGIN} in line 2, {END} in line 3"),
    ],
)
def test_markers_that_are_not_one_pair_are_refused_with_their_lines(text: str, places: str) -> None:
    with pytest.raises(ConfigError) as refused:
        with_block(text, "d1 status", TABLE)
    assert str(refused.value).endswith(f"but has {places}")


def test_a_file_is_written_once_and_its_difference_is_a_diff(tmp_path: Path) -> None:
    file = tmp_path / "status.md"
    file.write_bytes(f"# Title\n\n{BEGIN}\n{END}\ntail without an end".encode())
    shown = block_difference(file, "d1 status", lambda _: TABLE)
    assert [line for line in shown if line.startswith("+|")] == ["+| a |", "+|---|", "+| 1 |"]
    assert write_block(file, "d1 status", TABLE)
    assert not write_block(file, "d1 status", TABLE)
    assert block_difference(file, "d1 status", lambda _: TABLE) == []
    assert file.read_bytes() == f"# Title\n\n{BEGIN}\n{TABLE}{END}\ntail without an end".encode()


def test_a_file_that_does_not_exist_is_created_in_a_folder_that_does(tmp_path: Path) -> None:
    file = tmp_path / "new.md"
    with pytest.raises(ConfigError, match=r"new\.md: there is no such file: check the path, or create it with --write"):
        difference_of(file, "d1 status", TABLE)
    assert not file.exists()
    assert write_block(file, "d1 status", TABLE)
    assert file.read_text() == f"{BEGIN}\n{TABLE}{END}\n"
    assert not write_block(file, "d1 status", TABLE)
    with pytest.raises(ConfigError, match=r"gone/new\.md: cannot be read or written: No such file or directory"):
        write_block(tmp_path / "gone" / "new.md", "d1 status", TABLE)


def difference_of(path: Path, name: str, block: str) -> list[str]:
    return block_difference(path, name, lambda _: block)


@pytest.mark.parametrize("action", [write_block, difference_of])
def test_a_file_that_cannot_be_read_is_one_message_with_its_path(tmp_path: Path, action: object) -> None:
    assert callable(action)
    with pytest.raises(ConfigError, match=rf"{tmp_path.name}: there is no such file: check the path"):
        action(tmp_path, "d1 status", TABLE)
    binary = tmp_path / "binary.md"
    binary.write_bytes(b"caf\xe9")
    with pytest.raises(ConfigError, match=r"binary\.md: is not UTF-8 text \(byte 3\)"):
        action(binary, "d1 status", TABLE)
    assert binary.read_bytes() == b"caf\xe9"
