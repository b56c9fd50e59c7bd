"""The message that a failed run prints, line by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.run.outcome import NOT_RUN, ROLLED_BACK
from pulumi_d1.migrations.run.progress import RestoreAttempt, RunProgress, RunTarget

TARGET = RunTarget("shop-db-dev", "migrations", "d1_migrations")
BOOKMARK = Bookmark("b1", datetime(2026, 11, 23, 2, 10, tzinfo=UTC), timedelta(days=30))
PROGRESS = RunProgress(TARGET, BOOKMARK, ran=("0004_tags.sql",))
BOOKMARK_LINE = "  bookmark  b1 (from before this run, restorable until 2026-12-23T02:10:00+00:00)"
RESTORE_LINE = "  restore   wrangler d1 time-travel restore shop-db-dev --bookmark=b1"


def test_the_message_of_a_failed_file() -> None:
    failure = PROGRESS.failure("0005_titles.sql", "UNIQUE constraint failed: content.title", ROLLED_BACK)
    assert str(failure).splitlines() == [
        "migration migrations/0005_titles.sql failed: UNIQUE constraint failed: content.title",
        "  database  shop-db-dev",
        "  kept      0004_tags.sql (applied by this run before the failure)",
        "  outcome   rolled back: nothing of the file remains",
        BOOKMARK_LINE,
        RESTORE_LINE,
        "  next      fix the file, or the rows that it failed on, then run 'pulumi up' again",
    ]
    assert (failure.applied, failure.failed, failure.bookmark) == (("0004_tags.sql",), "0005_titles.sql", "b1")


def test_files_that_others_applied_and_another_command_are_named() -> None:
    target = replace(TARGET, command="d1 fleet up")
    progress = replace(PROGRESS, target=target, ran=(), by_others=("0003_a.sql", "0004_b.sql"))
    assert str(progress.failure("0005_titles.sql", "throttled", NOT_RUN)).splitlines() == [
        "migration migrations/0005_titles.sql failed: throttled",
        "  database  shop-db-dev",
        "  kept      nothing",
        "  others    0003_a.sql, 0004_b.sql (applied by someone else during this run)",
        "  outcome   not applied: the ledger does not list it",
        BOOKMARK_LINE,
        RESTORE_LINE,
        "  next      run 'd1 fleet up' again once the API responds; it reads the ledger before it sends anything",
    ]


def test_after_a_restore_nothing_is_kept_and_the_restore_can_be_undone() -> None:
    failure = PROGRESS.failure("0005_titles.sql", "no", ROLLED_BACK, RestoreAttempt(undo="b2"))
    assert str(failure).splitlines()[2:] == [
        "  kept      nothing",
        "  outcome   rolled back: nothing of the file remains",
        BOOKMARK_LINE,
        "  restored  to this bookmark, which undid 0004_tags.sql",
        "  undo      wrangler d1 time-travel restore shop-db-dev --bookmark=b2",
        "  next      fix the file, or the rows that it failed on, then run 'pulumi up' again",
    ]
    assert failure.applied == ()


def test_without_a_restore_the_reason_is_printed() -> None:
    failure = PROGRESS.failure("0005_titles.sql", "no", ROLLED_BACK, RestoreAttempt("no: someone else wrote"))
    assert str(failure).splitlines()[5:7] == ["  restored  no: someone else wrote", RESTORE_LINE]
    assert failure.applied == ("0004_tags.sql",)


def test_the_message_of_a_difference_from_the_rehearsal() -> None:
    failure = PROGRESS.difference(["column users.name is missing"])
    assert str(failure).splitlines() == [
        "all files ran, but shop-db-dev differs from the rehearsal:",
        "  found     column users.name is missing",
        "  applied   0004_tags.sql",
        BOOKMARK_LINE,
        RESTORE_LINE,
        "  next      find out who else writes to the database; if rows are missing, restore before new ones come",
    ]
    assert (failure.applied, failure.failed) == (("0004_tags.sql",), "")


def test_ten_kept_files_are_listed_and_eleven_are_counted() -> None:
    names = tuple(f"{number:04}.sql" for number in range(1, 12))
    ten, eleven = (str(replace(PROGRESS, ran=names[:n]).failure("x.sql", "no", ROLLED_BACK)) for n in (10, 11))
    assert f"  kept      {', '.join(names[:10])} (applied" in ten
    assert "  kept      0001.sql to 0011.sql: 11 files (applied" in eleven
