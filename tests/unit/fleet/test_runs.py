"""A run has each of its databases once, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.fleet.result import MemberRecord, RunCounts, RunPlan, Work, digest
from pulumi_d1.fleet.runs import open_runs

if TYPE_CHECKING:
    from pathlib import Path


def test_databases_that_cloudflare_lists_under_one_name_are_both_in_the_run(tmp_path: Path) -> None:
    runs = open_runs("", tmp_path)
    listed = [
        MemberRecord("b/c", "1"),
        MemberRecord("", "2"),
        MemberRecord("a", "4"),
        MemberRecord("a", "3"),
        MemberRecord("", "5"),
    ]
    run = runs.start(RunPlan(Work.UP, "an account", "--match '*'", digest(listed), len(listed)), listed, "version")
    assert runs.count(run) == RunCounts(waiting=5)
    assert [(item.database, item.id) for item in runs.members(run)] == [
        ("", "2"),
        ("", "5"),
        ("a", "3"),
        ("a", "4"),
        ("b/c", "1"),
    ]
    runs.database.engine.dispose()
