"""Sends requests, each once. After an error the ledger decides: it alone knows what took effect."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import ApiError, TryLater
from pulumi_d1.migrations.run.batch import batched, singles, without
from pulumi_d1.migrations.run.outcome import (
    APPLIED,
    LOST,
    SETTLE_SECONDS,
    SETTLED,
    STILL_RUNNING,
    THEIRS,
    UNREAD,
    Outcome,
    judge,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.cloudflare.retry import Retry
    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.run.progress import Progress
    from pulumi_d1.migrations.run.recovery import Recovery
    from pulumi_d1.migrations.run.request import Request

    Record = Callable[[tuple[str, ...], float, Bookmark], None]


def send(database: Database, request: Request) -> None:
    """Sends a request, once.

    Raises:
        ApiError: as Database raises.
    """
    if request.as_import:
        database.import_script(*request.pieces)
    else:
        database.write(request.sql)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends the requests of one run.

    Attributes:
        database: the database.
        ledger: reads the names in its ledger.
        recovery: ends a run that fails.
        retry: how to wait.
        say: is told what became of each migration.
        record: is given what took effect: its names, the seconds that the request took, and the run's bookmark.
    """

    database: Database
    ledger: Callable[[], tuple[str, ...]]
    recovery: Recovery
    retry: Retry
    say: Callable[[str], None]
    record: Record

    def send(self, requests: Iterable[Request], progress: Progress) -> Progress:
        """Sends all of them, in order. Where several migrations can't be had in one request, they go one at a time.

        Raises:
            MigrationFailed: a migration did not take effect, or nobody knows.
        """
        queue = deque(requests)
        while queue:
            request = queue.popleft()
            progress = self.recovery.before_write(progress)
            started = time.monotonic()
            error = self._deliver(request)
            outcome, ledger = (APPLIED, ()) if error is None else self._learn(error, request, progress)
            if outcome in {APPLIED, SETTLED}:
                self.record(request.names, time.monotonic() - started, progress.bookmark)
                progress = self._told(progress, request.names, outcome)
                progress = self.recovery.after_write(progress, certain=outcome is APPLIED)
            elif outcome is THEIRS or len(request.parts) > 1:
                theirs = tuple(name for waiting in (request, *queue) for name in waiting.names if name in ledger)
                progress = self._told(progress, theirs, THEIRS)
                if len(request.parts) > 1:
                    self.say(f"{_names(request)}: {error}; sending one at a time")
                queue = deque((*without(singles(request), theirs), *batched(without(queue, theirs))))
            else:
                raise self.recovery.failure(progress, request.names[0], str(error), outcome) from error
        return progress

    def _deliver(self, request: Request) -> ApiError | None:
        """Sends a request until Cloudflare runs it, and gives the error that it ended with."""
        refused: list[TryLater] = []

        def attempt() -> ApiError | None:
            if refused and not set(request.names).isdisjoint(self.ledger()):
                return refused[-1]
            try:
                send(self.database, request)
            except TryLater as error:
                refused.append(error)
                raise
            return None

        try:
            return self.retry.call(attempt, on=(TryLater,))
        except ApiError as error:
            return error

    def _learn(self, error: ApiError, request: Request, progress: Progress) -> tuple[Outcome, tuple[str, ...]]:
        """What became of a request that ended in `error`, and the ledger that tells.

        Raises:
            MigrationFailed: the ledger can't be read.
        """
        table = progress.target.table
        ledger = self._ledger_after(error, request, progress)
        outcome = judge(error, request, ledger, table)
        for number, pause in enumerate(SETTLE_SECONDS):
            if outcome not in {LOST, STILL_RUNNING}:
                break
            if number == 0:
                self.say(f"{_names(request)}: {error}; asking the ledger for {sum(SETTLE_SECONDS)} s what became of it")
            self.retry.sleep(pause)
            ledger = self._ledger_after(error, request, progress)
            outcome = judge(error, request, ledger, table)
        return outcome, ledger

    def _ledger_after(self, error: ApiError, request: Request, progress: Progress) -> tuple[str, ...]:
        try:
            return self.ledger()
        except ApiError as second:
            both = f"{error}; reading the ledger to learn what became of {_names(request)} failed too: {second}"
            raise self.recovery.failure(progress, request.names[0], both, UNREAD) from second

    def _told(self, progress: Progress, names: tuple[str, ...], outcome: Outcome) -> Progress:
        """The progress with `names`, after a line about each of them."""
        for name in names:
            progress = progress.finding(name) if outcome is THEIRS else progress.after(name)
            count = f"({len(progress.ran) + len(progress.found)} of {progress.pending})"
            self.say(f"applied {name} {count}" if outcome is APPLIED else f"{name} {outcome.known} {count}")
        return progress


def _names(request: Request) -> str:
    first, *others = request.names
    return f"{first} and {len(others)} more" if others else first
