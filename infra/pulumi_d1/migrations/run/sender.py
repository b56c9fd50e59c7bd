"""Send each request until it took effect. After an error, the ledger decides whether it did.

A request whose response was lost is sent a second time after D1's limit for a query. If the first one runs later all
the same, it fails, because the ledger lists its files (docs/adr/0018).
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_d1.errors import ApiError, NoConnection, NotSent, SqlRefused, TryLater
from pulumi_d1.migrations.run.batch import batch_requests, split_request, without_names
from pulumi_d1.migrations.run.outcome import (
    APPLIED,
    BY_OTHERS,
    IN_LEDGER,
    LEDGER_UNREADABLE,
    LOST,
    NOT_RUN,
    NOT_STARTED,
    PARTLY,
    ROLLED_BACK,
    UNFINISHED,
    WAITED_FOR,
    RequestOutcome,
    outcome_of,
)
from pulumi_d1.migrations.run.repeat import Batches
from pulumi_d1.migrations.run.settling import SETTLE_SECONDS, settle_attempts
from pulumi_d1.sqlite.messages import hide_values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import timedelta

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.cloudflare.retry import Retry
    from pulumi_d1.migrations.batches import BatchStatement
    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.run.options import RunOptions
    from pulumi_d1.migrations.run.progress import RunProgress
    from pulumi_d1.migrations.run.recovery import Recovery
    from pulumi_d1.migrations.run.request import Request

    OnApplied = Callable[[tuple[str, ...], float, Bookmark], None]

logger = logging.getLogger(__name__)


def send(
    database: Database, request: Request, import_timeout: timedelta | None = None, schema_texts: Collection[str] = ()
) -> None:
    """Send a request once.

    Args:
        schema_texts: The SQL of the schema, as far as it is known. D1's error may contain words of it.

    Raises:
        ApiError: As `Database.write`, without values of rows.
    """
    try:
        if request.as_import:
            database.import_script(*request.pieces, timeout=import_timeout)
        else:
            database.write(request.sql)
    except SqlRefused as error:
        message = hide_values(str(error), (request.sql, *schema_texts))
        raise SqlRefused(message, code=error.code, status=error.status) from None


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of one run's requests.

    Attributes:
        read_ledger: Reads the names in the ledger.
        retry: The pauses and limits of repeated requests.
        on_applied: Called after each request that took effect, with its names, its seconds and the run's bookmark.
        schema_texts: The SQL of the schema, as far as it is known.
    """

    database: Database
    read_ledger: Callable[[], tuple[str, ...]]
    recovery: Recovery
    retry: Retry
    options: RunOptions
    on_applied: OnApplied
    schema_texts: Collection[str] = ()

    def send_all(self, requests: Iterable[Request], progress: RunProgress) -> RunProgress:
        """Send all requests in order, and return the progress after the last.

        If a request of several migrations fails, each of them is sent by itself. If a response is lost and the ledger
        does not list the migrations, they are sent once more.

        Raises:
            MigrationFailed: A migration did not take effect, or its outcome is unknown.
        """
        queue = deque(requests)
        lost = set[str]()
        while queue:
            request = queue.popleft()
            if request.batches:
                progress = self._send_batches(request.names[0], request.batches, progress)
                continue
            sent_before = not lost.isdisjoint(request.names)
            progress = self.recovery.before_write(progress)
            started = time.monotonic()
            error = self._deliver(request)
            outcome, ledger = (
                (APPLIED, ())
                if error is None
                else self._read_outcome(error, request, progress, sent_before=sent_before)
            )
            if outcome is LOST:
                lost.update(request.names)
                progress = self.recovery.after_loss(progress)
            if outcome in {APPLIED, IN_LEDGER}:
                self.on_applied(request.names, time.monotonic() - started, progress.bookmark)
                progress = _report(progress, request.names, outcome)
                progress = replace(progress, replaced=progress.replaced | {*request.replaces})
                progress = self.recovery.after_write(progress, certain=outcome is APPLIED)
            elif outcome is BY_OTHERS or len(request.parts) > 1:
                by_others = tuple(name for waiting in (request, *queue) for name in waiting.names if name in ledger)
                progress = _report(progress, by_others, BY_OTHERS)
                if len(request.parts) > 1:
                    logger.info(f"{_names(request)}: {error}; sending one file at a time")
                singles = without_names(split_request(request), by_others)
                queue = deque((*singles, *batch_requests(without_names(queue, by_others))))
            elif outcome is LOST and not sent_before:
                logger.info(f"{_names(request)}: it did not run; sending it again")
                queue.appendleft(request)
            else:
                if request.as_import and outcome is ROLLED_BACK:
                    # Cloudflare may have undone it by a restore, which moves the bookmark as a write does.
                    progress = self.recovery.after_write(progress, certain=True)
                raise self.recovery.failure(progress, request.names[0], str(error), outcome) from error
        return progress

    def _send_batches(self, name: str, statement: BatchStatement, progress: RunProgress) -> RunProgress:
        """Send a file in batches, and return the progress after it.

        Raises:
            MigrationFailed: A batch was refused, or its outcome is unknown.
        """
        progress = self.recovery.before_write(progress)
        started = time.monotonic()
        table, bookmark = progress.target.table, progress.bookmark
        batches = Batches(self.database, statement, name, table, bookmark.id, self.retry)
        try:
            outcome = batches.send()
        except ApiError as error:
            before = NOT_STARTED if isinstance(error, SqlRefused) else NOT_RUN
            raise self.recovery.failure(progress, name, str(error), PARTLY if batches.requests else before) from error
        if outcome is not BY_OTHERS:
            self.on_applied((name,), time.monotonic() - started, bookmark)
        return self.recovery.after_batches(_report(progress, (name,), outcome))

    def _deliver(self, request: Request) -> ApiError | None:
        """Send a request until it reaches the database, and return the error that it ended with, if any."""
        refused: list[TryLater] = []

        def attempt() -> ApiError | None:
            if refused and not set(request.names).isdisjoint(self.read_ledger()):
                return refused[-1]
            try:
                send(self.database, request, self.options.import_timeout, self.schema_texts)
            except TryLater as error:
                refused.append(error)
                raise
            return None

        try:
            return self.retry.call(attempt, on=(NoConnection, TryLater))
        except ApiError as error:
            return error

    def _read_outcome(
        self, error: ApiError, request: Request, progress: RunProgress, *, sent_before: bool
    ) -> tuple[RequestOutcome, tuple[str, ...]]:
        """Return the outcome of a request that ended in `error`, and the ledger that it follows from.

        Raises:
            MigrationFailed: The ledger cannot be read.
        """
        outcome, ledger, has_begun = LOST, tuple[str, ...](), False
        for attempt in settle_attempts(self.retry.sleep):
            try:
                ledger = self.read_ledger()
            except ApiError as second:
                both = f"{error}; then reading the ledger failed too: {second}"
                unread = NOT_RUN if isinstance(error, NotSent) and not sent_before else LEDGER_UNREADABLE
                raise self.recovery.failure(progress, request.names[0], both, unread) from second
            outcome = outcome_of(error, request, ledger, progress.target.table, sent_before=sent_before)
            if outcome not in WAITED_FOR or (outcome is LOST and has_begun):  # it has begun, and is undone
                break
            has_begun = has_begun or outcome is UNFINISHED
            if attempt == 0:
                seconds = sum(SETTLE_SECONDS)
                logger.info(f"{_names(request)}: {error}; reading the ledger for {seconds} s to see whether it ran")
        return outcome, ledger


def _report(progress: RunProgress, names: tuple[str, ...], outcome: RequestOutcome) -> RunProgress:
    """Log a line for each of `names`, and return the progress with them."""
    for name in names:
        progress = progress.with_others(name) if outcome is BY_OTHERS else progress.with_applied(name)
        count = f"({len(progress.finished)} of {progress.pending})"
        logger.info(f"applied {name} {count}" if outcome is APPLIED else f"{name} {outcome.known} {count}")
    return progress


def _names(request: Request) -> str:
    first, *others = request.names
    return f"{first} and {len(others)} more" if others else first
