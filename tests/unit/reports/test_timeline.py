"""The past of a database is shown by run, and what can still be restored is what Cloudflare keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.past.events import HistoryEvent
from pulumi_d1.migrations.past.history import Application
from pulumi_d1.reports.timeline import MOST_RUNS, WIDTH, timeline

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


def event(name: str, days: int, bookmark: str, *, in_ledger: bool = True) -> HistoryEvent:
    time = NOW - timedelta(days=days)
    application = Application(name, "0" * 64, time, 1.0, "ada", "4f2a9c1" + "0" * 33, Bookmark(bookmark, time, MONTH))
    return HistoryEvent(name, application, time, in_ledger)


def test_the_files_of_a_run_are_together_and_the_newest_run_comes_first() -> None:
    past = timeline([event("1", 60, "a"), event("2", 3, "b"), event("3", 3, "b", in_ledger=False)], MONTH, NOW)
    newest, oldest = past.runs
    assert [(file.name, file.note) for file in newest.files] == [("2", ""), ("3", "undone")]
    assert (newest.is_restorable, newest.is_undone, newest.by) == (True, False, "ada, commit 4f2a9c1")
    assert (oldest.is_restorable, oldest.x) == (False, 0)
    assert (past.start, past.kept_since, past.end) == (NOW - timedelta(days=60), NOW - MONTH, NOW)
    assert (past.kept_x, newest.x) == (WIDTH // 2, 950)


def test_a_file_of_another_tool_has_no_bookmark_and_may_have_no_time() -> None:
    other = HistoryEvent("1", None, None, in_ledger=True)
    past = timeline([other, HistoryEvent("2", None, NOW - timedelta(days=1), in_ledger=True)], MONTH, NOW)
    assert [(run.time is None, run.is_restorable, run.is_undone) for run in past.runs] == [
        (False, False, False),
        (True, False, False),
    ]
    assert past.start == past.kept_since


def test_a_new_database_has_no_runs() -> None:
    past = timeline([], MONTH, NOW)
    assert (past.runs, past.kept_x, past.left_out) == ((), 0, 0)


def test_old_runs_are_counted() -> None:
    past = timeline([event(str(number), 200 - number, f"{number:03}") for number in range(120)], MONTH, NOW)
    assert (len(past.runs), past.left_out) == (MOST_RUNS, 120 - MOST_RUNS)
    assert past.runs[0].files[0].name == "119"
