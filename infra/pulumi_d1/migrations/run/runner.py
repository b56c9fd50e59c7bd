"""Applies what a review found pending: bookmark, send, verify."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, SqlError, SqlRefused
from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.bookmark import taken_now
from pulumi_d1.migrations.plan import DEFAULT_POLICY
from pulumi_d1.migrations.review.review import refuse
from pulumi_d1.migrations.run.batch import batched
from pulumi_d1.migrations.run.outcome import UNREAD, UNRECORDED
from pulumi_d1.migrations.run.progress import Progress
from pulumi_d1.migrations.run.recovery import OnFailure, Recovery
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.migrations.run.sender import Sender
from pulumi_d1.migrations.run.verification import broken, promise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.plan import Problem, Severity
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.migrations.run.progress import Target
    from pulumi_d1.migrations.run.sender import Record
    from pulumi_d1.migrations.run.verification import Promise


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did.

    Attributes:
        ran: names of the migrations applied by this run, in order.
        found: names of those that someone else applied meanwhile.
        ledger: names in the ledger after the run, oldest first.
        bookmark: from immediately before the first write, or of now when there was nothing to write.
    """

    ran: tuple[str, ...]
    found: tuple[str, ...]
    ledger: tuple[str, ...]
    bookmark: Bookmark


def applied(database: Database, table: str) -> tuple[str, ...]:
    """Names in the ledger, oldest first; empty when there is no ledger. Writes nothing."""
    try:
        rows = database.read(ledger.select(table))
    except SqlRefused:
        # Most ledgers exist, so one request is enough, and only a missing one is empty. One that is there was made
        # meanwhile, or is refused for another reason, which is an error.
        if not database.read(ledger.exists(table)):
            return ()
        rows = database.read(ledger.select(table))
    return tuple(row["name"] for row in rows)


def apply(  # noqa: PLR0913 - what a run depends on, all of it
    database: Database,
    reviewed: Review,
    target: Target,
    *,
    policy: Mapping[Problem, Severity] = DEFAULT_POLICY,
    on_failure: OnFailure = OnFailure.STOP,
    retry: Retry | None = None,
    say: Callable[[str], None] = lambda _: None,
    record: Record = lambda _names, _seconds, _bookmark: None,
    taken: Callable[[Bookmark], None] = lambda _: None,
) -> Report:
    """Applies what the review found pending. After a failure, another review and run go on where this one stopped.

    Args:
        database: the database.
        reviewed: of this database, just now.
        target: the database in the words of its messages.
        policy: which problems of the folder stop the run.
        on_failure: what to do after a failed file.
        retry: how to wait.
        say: is told of each step.
        record: is given what took effect as soon as it has: names, seconds of their request, the run's bookmark.
        taken: is given the run's bookmark before the first write.

    Raises:
        PlanRefused: D1 would refuse a file, or `policy` calls something an error; nothing was written.
        MigrationFailed: a file was refused; those before it stay applied, of it and those after it nothing remains.
        ConfigError: a file can't be sent as it is; nothing was written.
        ApiError: the database can't be read, or gives no bookmark; nothing was written.
    """
    refuse(reviewed, target.folder, policy)
    plan = reviewed.plan
    cut = reviewed.rehearsal.statements if reviewed.rehearsal else {}
    requests = batched(make_request(file, target.folder, target.table, cut.get(file.name)) for file in plan.pending)
    promised = promise(database, reviewed.rehearsal)

    bookmark = taken_now(database.bookmark(), target.retention)
    if requests:
        taken(bookmark)
        say(f"bookmark {bookmark.id} taken; way back: {bookmark.restore_command(target.name)}")

    retry = retry or Retry(say)
    reading = partial(applied, database, target.table)
    recovery = Recovery(on_failure, database, reading, retry.sleep)
    sender = Sender(database, reading, recovery, retry, say, record)
    progress = sender.send(
        requests, Progress(target, bookmark, plan.applied, pending=len(plan.pending), last=bookmark.id)
    )
    names = _verified(database, progress, promised) if requests else plan.applied
    return Report(progress.ran, progress.found, names, bookmark)


def _verified(database: Database, progress: Progress, promised: Promise) -> tuple[str, ...]:
    """The ledger after the last file.

    Raises:
        MigrationFailed: the database can't be read, or is not what the review promised.
    """
    settled, table = (*progress.ran, *progress.found), progress.target.table
    try:
        now = live.read(database, table)
        if lost := [name for name in settled if name not in now.ledger]:
            cause = f"it ran, but the ledger {table} does not show it"
            raise progress.failure(lost[0], cause, UNRECORDED)
        lines = broken(promised, database, now, table)
    except (ApiError, SqlError) as error:
        cause = f"reading the database after the last file failed: {error}"
        raise progress.failure(settled[-1], cause, UNREAD) from error
    if lines:
        raise progress.difference(lines)
    return now.ledger
