"""Results are kept, and become the document's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

import bench.__main__ as command
from bench.measure import Figure, Row, compared
from bench.results import Result, keep, kept, table

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FASTER = compared("a run", Figure("s", (1.0, 3.0, 2.0), 5), Figure("s", (4.0, 4.0, 4.0), 12), "round trips", most=1)
LARGER = Row("the same: memory", Figure("MB", (160.0,)), None, "≤ 150 MB", met=False)
FOUND = Result("Runs", "Ours and theirs.", 3, "2026-11-23 18:00", "2 cores", (FASTER, LARGER))


def test_a_result_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    assert kept(tmp_path, "runner") is None
    keep(tmp_path / "new", "runner", FOUND)
    assert kept(tmp_path / "new", "runner") == FOUND


def test_a_table_has_medians_ranges_ratios_requests_and_goals() -> None:
    lines = table(FOUND).splitlines()
    assert "| a run | 2.00 s (1.00 s to 3.00 s) | 4.00 s (4.00 s to 4.00 s) | 0.5 | 5 / 12 | ≤ 1 times | met |" in lines
    assert "| the same: memory | 160 MB (160 MB to 160 MB) |  |  |  | ≤ 150 MB | **not met** |" in lines
    assert "- a run: round trips." in lines


def test_one_group_is_written_again_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "performance.md"
    document.write_text("# Performance\n\n<!-- bench -->\nold\n<!-- /bench -->\n\nMore.\n")
    monkeypatch.setattr(command, "DOCUMENT", document)
    keep(tmp_path, "runner", FOUND)
    keep(tmp_path, "start", Result("Starts", "", 1, "2026-11-24 18:00", "4 cores", (LARGER,)))
    done = CliRunner().invoke(command.main, ["start", "--again", "--write", "--results", str(tmp_path)])
    assert done.exit_code == 0, done.output
    text = document.read_text()
    assert text.startswith("# Performance\n\n<!-- bench -->\n\n### Runs\n")
    assert text.endswith("2026-11-24 18:00 UTC, 4 cores.\n\n<!-- /bench -->\n\nMore.\n")
    assert "old" not in text
