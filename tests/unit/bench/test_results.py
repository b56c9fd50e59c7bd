"""Results are saved, and become the document's tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from click.testing import CliRunner

import bench.__main__ as command
from bench.measure import Figure, TableRow, compare
from bench.results import GroupResult, format_section, load, merge_sections, save

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FASTER = compare("a run", Figure("s", (1.0, 3.0, 2.0), 5), Figure("s", (4.0, 4.0, 4.0), 12), "round trips", limit=1)
LARGER = TableRow("the same: memory", Figure("MB", (160.0,)), None, "≤ 150 MB", met=False)
RESULT = GroupResult("Runs", "Ours and theirs.", 3, "2026-11-23 18:00", "2 cores", (FASTER, LARGER))


def test_a_result_comes_back_as_it_was_load(tmp_path: Path) -> None:
    assert load(tmp_path, "pending_files") is None
    save(tmp_path / "new", "pending_files", RESULT)
    assert load(tmp_path / "new", "pending_files") == RESULT


def test_a_table_has_medians_ranges_ratios_requests_and_goals() -> None:
    lines = format_section(RESULT).splitlines()
    assert "| a run | 2.00 s (1.00 s to 3.00 s) | 4.00 s (4.00 s to 4.00 s) | 0.5 | 5 / 12 | ≤ 1 times | met |" in lines
    assert "| the same: memory | 160 MB (160 MB to 160 MB) |  |  |  | ≤ 150 MB | **not met** |" in lines
    assert "- a run: round trips." in lines


def test_notes_stand_between_the_bounds_and_the_date() -> None:
    assert "- a run: round trips.\n\nA table.\n\n3 runs" in format_section(replace(RESULT, notes="A table."))


def test_one_group_is_written_again_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "performance.md"
    document.write_text("# Performance\n\n<!-- bench -->\nold\n<!-- /bench -->\n\nMore.\n")
    monkeypatch.setattr(command, "DOCUMENT", document)
    save(tmp_path, "pending_files", RESULT)
    save(tmp_path, "startup", GroupResult("Starts", "", 1, "2026-11-24 18:00", "4 cores", (LARGER,)))
    run = CliRunner().invoke(command.main, ["startup", "--again", "--write", "--results", str(tmp_path)])
    assert run.exit_code == 0, run.output
    text = document.read_text()
    assert text.startswith("# Performance\n\n<!-- bench -->\n\n### Runs\n")
    assert text.endswith("2026-11-24 18:00 UTC, 4 cores.\n\n<!-- /bench -->\n\nMore.\n")
    assert "old" not in text


def test_a_document_keeps_the_sections_of_groups_that_were_not_measured() -> None:
    present = "\n### Runs\n\nold\n\n### Other\n\nkept\n\n"
    merged = merge_sections(present, ["Other", "New", "Runs"], ["### Runs\n\nnew\n", "### New\n\nnew\n"])
    assert merged.split() == "### Other kept ### New new ### Runs new".split()  # noqa: SIM905 - shorter
