"""A table fits the terminal: it becomes blocks if its columns do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.cli.support.table import print_table
from tests.support.terminal import terminal

if TYPE_CHECKING:
    import pytest

HEADINGS = ("Database", "Status", "Last Migration")
ROWS = [["Development", "Up to Date", "0001_create.sql"], ["日本", "Not Started", "-"]]
TABLE = [
    "                                               ",
    "  Database      Status        Last Migration   ",
    " ───────────────────────────────────────────── ",
    "  Development   Up to Date    0001_create.sql  ",
    "  日本          Not Started   -                ",
    "                                               ",
]


def shown(monkeypatch: pytest.MonkeyPatch, columns: int, rows: list[list[str]]) -> list[str]:
    with terminal(monkeypatch, columns, NO_COLOR="1") as stream:
        print_table(HEADINGS, rows)
    return stream.getvalue().splitlines()


def test_a_wide_terminal_gets_a_table_and_a_narrow_one_gets_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 47, ROWS) == TABLE
    assert shown(monkeypatch, 46, ROWS) == [
        "Development",
        "  Status          Up to Date",
        "  Last Migration  0001_create.sql",
        "日本",
        "  Status          Not Started",
    ]


def test_a_log_gets_the_whole_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_table(HEADINGS, [*ROWS, ["x" * 300, "[red]", "::error::y"]])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(TABLE) + 1
    assert lines[-2].split() == ["x" * 300, "[red]", r"\u003a:error::y"]
