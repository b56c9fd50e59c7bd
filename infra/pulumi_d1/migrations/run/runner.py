"""Apply the pending files of a review: take a bookmark, send, verify."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, InvalidLedger, SqlError
from pulumi_d1.migrations import live
from pulumi_d1.migrations.bookmark import Bookmark, bookmark_now
from pulumi_d1.migrations.review.review import raise_on_errors
from pulumi_d1.migrations.run.batch import batch_requests
from pulumi_d1.migrations.run.options import DEFAULT_OPTIONS
from pulumi_d1.migrations.run.outcome import LEDGER_UNREADABLE, ROW_GONE
from pulumi_d1.migrations.run.progress import RunProgress
from pulumi_d1.migrations.run.recovery import Recovery
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.migrations.run.sender import Sender
from pulumi_d1.migrations.run.verification import expect_result, find_differences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.migrations.run.options import RunOptions
    from pulumi_d1.migrations.run.progress import RunTarget
    from pulumi_d1.migrations.run.request import Request
    from pulumi_d1.migrations.run.sender import OnApplied
    from pulumi_d1.migrations.run.verification import ExpectedResult

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunReport:
    """The result of a run.

    Attributes:
        ran: The names of the migrations that this run applied, in order.
        by_others: The names of those that someone else applied during the run.
        ledger: The names in the ledger after the run, oldest first.
        bookmark: The bookmark from immediately before the first write, or the current one if there was no write.
    """

    ran: tuple[str, ...]
    by_others: tuple[str, ...]
    ledger: tuple[str, ...]
    bookmark: Bookmark


def apply(  # noqa: PLR0913 - all that a run depends on
    database: Database,
    review: Review,
    target: RunTarget,
    *,
    options: RunOptions = DEFAULT_OPTIONS,
    retry: Retry | None = None,
    on_applied: OnApplied = lambda _names, _seconds, _bookmark: None,
    bookmark: Bookmark | None = None,
) -> RunReport:
    """Apply the pending files of a review. After a failure, another review and run continue from the ledger.

    Args:
        review: A review of this database that was just made.
        target: The database's names, for messages.
        retry: The pauses and limits of repeated requests.
        on_applied: Called after each request that took effect, with its names, its seconds and the run's bookmark.
        bookmark: A bookmark that was taken for this run; by default, one is taken before the first write.

    Raises:
        PlanRefused: D1 would refuse a file, or the policy makes a problem an error; nothing was written.
        MigrationFailed: A file was refused, its outcome is unknown, or the database differs from the rehearsal.
        ConfigError: A file cannot be sent as it is; nothing was written.
        ApiError: The database cannot be read, or has no bookmark; nothing was written.
    """
    raise_on_errors(review, target.folder, options.policy)
    plan = review.plan
    statements = review.rehearsal.statements if review.rehearsal else {}
    requests = batch_requests(
        make_request(file, target.folder, target.table, statements.get(file.name)) for file in plan.pending
    )
    expected = expect_result(database, review.rehearsal, options.rehearsal)

    resumed = _resumed(database, requests, target.table, options) if requests else None
    bookmark = resumed or bookmark or bookmark_now(database.bookmark(), options.retention)
    if requests:
        logger.info(bookmark.announcement(target.name))

    retry = retry or Retry()
    read_ledger = partial(live.read_ledger, database, target.table)
    recovery = Recovery(options.on_failure, database, read_ledger, retry.sleep)
    objects = review.rehearsal.before.objects.values() if review.rehearsal else ()
    sender = Sender(database, read_ledger, recovery, retry, options, on_applied, [item.sql for item in objects])
    start = RunProgress(target, bookmark, plan.applied, pending=len(plan.pending), last_bookmark=bookmark.id)
    progress = sender.send_all(requests, start)
    ledger = _verify(database, progress, expected, options.rehearsal) if requests else plan.applied
    return RunReport(progress.ran, progress.by_others, ledger, bookmark)


def _resumed(database: Database, requests: Sequence[Request], table: str, options: RunOptions) -> Bookmark | None:
    """Return the bookmark from before the first batch, if the run continues a file in batches."""
    if not requests[0].batches:
        return None
    now = live.read_database(database, table)
    begun = now.begun.get(requests[0].names[0])
    return Bookmark(begun.bookmark, begun.time, options.retention) if begun else None


def _verify(
    database: Database, progress: RunProgress, expected: ExpectedResult, options: RehearsalOptions
) -> tuple[str, ...]:
    """Return the names in the ledger after the last file.

    Raises:
        MigrationFailed: The database cannot be read, or differs from the expected result.
    """
    table = progress.target.table
    try:
        now = live.read_database(database, table)
        if missing := [name for name in progress.finished if name not in now.ledger]:
            cause = f"it ran, but the ledger {table} does not list it"
            raise progress.failure(missing[0], cause, ROW_GONE)
        differences = find_differences(expected, database, now, table, options)
    except (ApiError, InvalidLedger, SqlError) as error:
        cause = f"reading the database after the last file failed: {error}"
        raise progress.failure(progress.finished[-1], cause, LEDGER_UNREADABLE) from error
    if differences:
        raise progress.difference(differences)
    return now.ledger
