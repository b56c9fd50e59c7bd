"""Send a file in batches, one request for each, until no row is left. The ledger row comes with the last.

A batch is a range of keys, and a row that was changed does not match again: the request refuses itself if one does. So
a request whose response was lost is simply sent again, and a killed run continues from the first row that is left.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.retry import TEMPORARY
from pulumi_d1.errors import ApiError, OutcomeUnknown, ResultTooLarge, SqlError, SqlRefused
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.batches import NEVER_ENDS
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.run.outcome import APPLIED, BY_OTHERS, IN_LEDGER
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.messages import hide_values
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.storage import storages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import Database, QueryResult, Row
    from pulumi_d1.cloudflare.retry import Retry
    from pulumi_d1.migrations.batches import BatchStatement
    from pulumi_d1.migrations.run.outcome import RequestOutcome
    from pulumi_d1.sqlite.storage import Storage

logger = logging.getLogger(__name__)

MOST_COUNTED: Final = 10_000_000
"""Rows that are counted for the estimate. Counting more might take D1's 30 s."""

_NEVER_ENDS: Final = f"{NEVER_ENDS}: add a condition that excludes changed rows"
_KEY: Final = re.compile(r"-?[0-9]+|")
_LINE_SECONDS: Final = 5  # between two lines of progress


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to one request.

    Attributes:
        is_done: True if the ledger lists the file now.
        last: Key of the last row of the next batch.
        number: Number of rows of the next batch.
    """

    is_done: bool
    last: str
    number: int


@dataclass(slots=True)
class Batches:
    """One file in batches.

    Attributes:
        name: The file's name in the ledger.
        bookmark: The bookmark from before the first batch.
        retry: The pauses and limits of repeated requests.
        requests: Number of requests that changed rows, or may have.
    """

    database: Database
    statement: BatchStatement
    name: str
    table: str
    bookmark: str
    retry: Retry
    requests: int = 0
    _texts: tuple[str, ...] = ()
    _total: int = 0
    _done: int = 0
    _lost: bool = False
    _outcome: RequestOutcome = APPLIED
    _started: float = field(default_factory=time.monotonic)
    _reported: float = field(default_factory=time.monotonic)

    def send(self) -> RequestOutcome:
        """Send batches until the ledger lists the file, and return whether this run or someone else finished it.

        Raises:
            ApiError: A batch was refused, or has no response. Those before it stay.
        """
        storage = self._read_storage()
        self._total = self._count()
        if storage is None or storage.order:
            return self._send_limited(storage.key if storage else ())
        return self._send_ranges(storage.key[0])

    def _count(self) -> int:
        """Return how many rows there are to change; 0 if that is not known, because counting takes too long."""
        try:
            return _number(self._read(self.statement.count(MOST_COUNTED)))
        except ApiError as error:
            logger.info(f"{self.name}: there is no estimate, because the rows cannot be counted: {error}")
            return 0

    def _read(self, sql: str) -> tuple[Row, ...]:
        try:
            return self.database.read(sql)
        except SqlRefused as error:
            raise self._without_values(error, sql) from None

    def _without_values(self, error: SqlRefused, sql: str) -> SqlRefused:
        return SqlRefused(hide_values(str(error), (sql, *self._texts)), code=error.code, status=error.status)

    def _read_storage(self) -> Storage | None:
        """Return how the table stores its rows; None for an INSERT, which needs no key."""
        objects = schema.objects_from(self.database.read(schema.SELECT))
        self._texts = tuple(item.sql for item in objects)
        if self.statement.verb == "insert":
            return None
        try:
            found = [item for item in storages(objects) if fold(item.table) == fold(self.statement.table)]
        except SqlError as error:
            raise SqlRefused(str(error)) from error
        if not found or not found[0].key:
            raise SqlRefused(f"{self.statement.table} is no table whose rows have a key")
        return found[0]

    def _send_ranges(self, key: str) -> RequestOutcome:
        """Send a batch for each range of keys. In the end, look for rows that were added before it."""
        statement, after = self.statement, ""
        answer = _answer(self._read(statement.next_range(key, after)), is_done=False)
        while not answer.is_done:
            is_last, number, last = answer.number < statement.size, answer.number, answer.last
            sql = []
            if number:
                again = statement.left_in_range(key, after, last)
                sql = [statement.in_range(key, after, last), ledger.refuse_batch(self.table, self.name, again)]
            after = "" if is_last else last
            answer = self._request(sql, finishes=is_last, then=statement.next_range(key, after))
            self._report(number)
        return self._outcome

    def _send_limited(self, keys: Sequence[str]) -> RequestOutcome:
        """Send batches of any rows, because ranges of keys are not possible."""
        statement = self.statement
        most = 2 * (self._total // statement.size + 10)
        size = f"SELECT '' AS last, count(*) AS number FROM ({statement.left()} LIMIT {statement.size})"
        number = min(self._total, statement.size)
        while not (self._total and self.requests > most):
            answer = self._request([statement.limited(keys)], finishes=True, then=size)
            self._report(number)
            if answer.is_done:
                return self._outcome
            number = answer.number
        raise SqlRefused(_NEVER_ENDS)

    def _request(self, sql: Sequence[str], *, finishes: bool, then: str) -> _Answer:
        """Send one batch until there is a response.

        Args:
            finishes: True to record the file as applied, if no row is left.
            then: The query for the next batch.
        """
        statements = [
            ledger.create(self.table),
            ledger.refuse_second_run(self.table, self.name),
            ledger.begin_batches(self.table, self.name, self.bookmark),
            *sql,
            *([ledger.finish_batches(self.table, self.name, self.statement.left())] if finishes else []),
            ledger.lists(self.table, self.name),
            then,
        ]
        script = "".join(f"{statement.removesuffix(';')};\n" for statement in statements)
        self.requests += 1
        try:
            results = self.retry.call(partial(self._write, script), on=TEMPORARY)
        except SqlRefused as error:
            if self.name in read_ledger(self.database, self.table):
                self._outcome = IN_LEDGER if self._lost else BY_OTHERS
                return _Answer(is_done=True, last="", number=0)
            if f"UNIQUE constraint failed: {self.table}." in str(error):
                raise SqlRefused(_NEVER_ENDS) from error
            raise self._without_values(error, script) from None
        if len(results) != len(statements):
            raise OutcomeUnknown(f"D1 returned {len(results)} results for {len(statements)} statements")
        return _answer(results[-1].rows, is_done=_number(results[-2].rows) > 0)

    def _write(self, script: str) -> tuple[QueryResult, ...]:
        try:
            return self.database.write(script)
        except OutcomeUnknown as error:
            self._lost = True
            if isinstance(error, ResultTooLarge):  # the answer of a batch is small, so this one is not D1's
                raise OutcomeUnknown(str(error), code=error.code, status=error.status) from error
            raise

    def _report(self, rows: int) -> None:
        """Log a line about the progress, every few seconds."""
        self._done += rows
        now = time.monotonic()
        if now - self._reported < _LINE_SECONDS:
            return
        self._reported = now
        total = max(self._total, self._done)
        seconds = (now - self._started) * (total - self._done) / max(self._done, 1)
        of_all = f" of about {total:,} rows; about {_duration(seconds)} left" if self._total else " rows"
        logger.info(f"{self.name}: {self._done:,}{of_all}")


def _answer(rows: Sequence[Row], *, is_done: bool) -> _Answer:
    """Return the answer with the next batch, from the row of its query."""
    number = _number(rows)
    last = rows[0]["last"] if number else ""
    if not (isinstance(last, str) and _KEY.fullmatch(last)):
        raise OutcomeUnknown("D1 returned no key for the next batch")
    return _Answer(is_done, last, number)


def _number(rows: Sequence[Row]) -> int:
    if len(rows) != 1 or not isinstance(number := rows[0]["number"], int):
        raise OutcomeUnknown("D1 returned no number of rows")
    return number


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two digits
