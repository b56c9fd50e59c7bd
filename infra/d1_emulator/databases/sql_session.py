"""The process that runs the SQL of one database, with the functions that `sql_process` calls in it.

Each function gets the process's `Session` first. Its other arguments and its result travel as pickles.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

import apsw

from d1_emulator.api_errors import DatabaseFull, MemoryExceeded, ResultTooLarge, ServiceLimit, StorageTimeout
from d1_emulator.timetravel.segments import connect
from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import run_batch, run_by_statement
from pulumi_d1.sqlite.sandbox import trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from d1_emulator.databases.limits import RequestLimits
    from pulumi_d1.sqlite.execute import Query, SQLValue, StatementResult

T = TypeVar("T")

_HEAP_BYTES: Final = 512 * 1024 * 1024
"""SQLite's memory. Temporary tables and sorters are in it too, so that they cannot fill the disk."""
_STEPS_BETWEEN_CHECKS: Final = 1000  # steps of SQLite's virtual machine: well under a millisecond
_JSON_BYTES_OF_A_BLOBS_BYTE: Final = 4  # "255,"
_JSON_BYTES_OF_A_NUMBER: Final = 8


@dataclass(frozen=True, slots=True)
class SqlOutcome:
    """The outcome of a request's SQL, and the database after it.

    Attributes:
        size: The size of the database, in bytes.
        frames: The frames in the write-ahead log.
    """

    results: tuple[StatementResult, ...]
    size: int
    frames: int


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """The size of a database: bytes, and user tables."""

    file_size: int
    num_tables: int


@dataclass(slots=True)
class Session:
    """The process's state: at most one open database.

    Attributes:
        frames: The frames in its write-ahead log at the last commit.
        deadline: When the request's time is over, on the monotonic clock; None for never.
    """

    connection: apsw.Connection | None = None
    frames: int = 0
    deadline: float | None = None

    def is_over(self) -> bool:
        """Return whether the request's time is over."""
        return self.deadline is not None and time.monotonic() > self.deadline

    @property
    def opened(self) -> apsw.Connection:
        """The connection of the open database."""
        assert self.connection is not None, "open_segment is called first"  # noqa: S101 - a mistake of ours
        return self.connection

    def committed(self, _connection: apsw.Connection, _name: str, frames: int) -> int:
        """Note the frames of a commit; SQLite calls this."""
        self.frames = frames
        return 0


def open_segment(session: Session, path: str) -> int:
    """Open a segment instead of the one that is open. Return the committed frames in its write-ahead log."""
    close_segment(session)
    session.connection, session.frames = connect(path)
    with trusted(session.connection):
        session.connection.execute("PRAGMA temp_store = MEMORY", can_cache=False)
    session.connection.set_wal_hook(session.committed)
    return session.frames


def open_to_read(session: Session, path: str) -> None:
    """Open a segment as `open_segment` does, and refuse all writes."""
    open_segment(session, path)
    with trusted(session.opened):
        session.opened.execute("PRAGMA query_only = ON", can_cache=False)


def close_segment(session: Session) -> None:
    """Close the segment that is open, if any."""
    if session.connection is not None:
        session.connection.close()
        session.connection = None


def run(session: Session, batch: Sequence[Query], limits: RequestLimits) -> SqlOutcome:
    """Run queries in one transaction.

    Raises:
        SqlError: A statement was refused; nothing has taken effect.
        ServiceLimit: A limit was reached; nothing has taken effect.
    """
    with _limited(session, limits):
        return _outcome(session, run_batch(session.opened, batch))


def read(session: Session, batch: Sequence[Query], limits: RequestLimits) -> SqlOutcome | None:
    """Run queries as `run` does, on a session that only reads. Return None if they write."""
    try:
        return run(session, batch, limits)
    except SqlError as error:
        if isinstance(error.__cause__, apsw.ReadOnlyError):
            return None
        raise


def run_statements(
    session: Session, sql: str, limits: RequestLimits, count: int | None
) -> tuple[SqlOutcome, SqlError | ServiceLimit | None]:
    """Run a script, or its first `count` statements, with a commit after each. Also return the first error."""
    results: list[StatementResult] = []
    failure = None
    try:
        with _limited(session, limits), closing(run_by_statement(session.opened, sql)) as ran:
            results.extend(islice(ran, count))
    except (SqlError, ServiceLimit) as error:
        failure = error
    return _outcome(session, tuple(results)), failure


def call(session: Session, function: Callable[[apsw.Connection], T]) -> T:
    """Return what a function reads from the database."""
    return function(session.opened)


def measure(connection: apsw.Connection) -> DatabaseSize:
    """Measure a database. Internal tables of SQLite and of the service are not counted."""
    with trusted(connection):
        [(tables,)] = connection.execute(
            "SELECT count(*) FROM sqlite_schema"
            " WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
            can_cache=False,
        )
    return DatabaseSize(_pragma(connection, "page_count") * _pragma(connection, "page_size"), int(tables))


def main() -> None:
    """Answer the calls on standard input, on standard output, until the emulator ends."""
    apsw.hard_heap_limit(_HEAP_BYTES)
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, calls), daemon=True).start()
    session = Session()
    while True:
        function, arguments = calls.get()
        try:
            answer = (True, function(session, *arguments))
        except Exception as error:  # noqa: BLE001 - the emulator raises it
            answer = (False, error)
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _receive(stream: IO[bytes], calls: queue.SimpleQueue[Any]) -> None:
    """Receive calls. End the process when the emulator has ended, even inside a statement that nothing interrupts."""
    try:
        while True:
            calls.put(pickle.load(stream))  # noqa: S301 - from the emulator itself
    except EOFError:
        os._exit(0)


@contextmanager
def _limited(session: Session, limits: RequestLimits) -> Iterator[None]:
    """Apply the limits of a request, and raise the service's error once one of them is reached."""
    connection = session.opened
    session.deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
    connection.set_progress_handler(session.is_over, _STEPS_BETWEEN_CHECKS)
    connection.set_commit_hook(session.is_over)  # a statement may have ended after its time
    connection.row_trace = None if limits.result_bytes is None else _ResultMeter(limits.result_bytes).count
    is_large_write = _limit_size(connection, limits)
    try:
        yield
    except MemoryError as error:
        raise MemoryExceeded from error
    except SqlError as error:
        cause = error.__cause__
        if isinstance(cause, apsw.ReadOnlyError):
            raise
        if session.is_over():
            raise StorageTimeout from error
        if isinstance(cause, apsw.FullError):
            raise (StorageTimeout if is_large_write else DatabaseFull) from error
        if isinstance(cause, apsw.NoMemError):
            raise MemoryExceeded from error
        raise
    finally:
        session.deadline = None
        connection.row_trace = None


def _limit_size(connection: apsw.Connection, limits: RequestLimits) -> bool:
    """Limit the size of the database. Return whether the request's own limit is below the database's."""
    page_bytes = _pragma(connection, "page_size")
    pages = limits.database_bytes // page_bytes
    is_large_write = False
    if limits.added_bytes is not None:
        own = _pragma(connection, "page_count") + limits.added_bytes // page_bytes
        is_large_write = own < pages
        pages = min(pages, own)
    _pragma(connection, f"max_page_count = {max(pages, 1)}")
    return is_large_write


class _ResultMeter:
    """Adds up the size of the rows of one request, as JSON.

    Args:
        limit: The bytes above which `count` raises ResultTooLarge.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit

    def count(self, _cursor: apsw.Cursor, row: tuple[SQLValue, ...]) -> tuple[SQLValue, ...]:
        """Count a row, and return it."""
        for value in row:
            if isinstance(value, str):
                self._left -= len(value)
            elif isinstance(value, bytes):
                self._left -= len(value) * _JSON_BYTES_OF_A_BLOBS_BYTE
            else:
                self._left -= _JSON_BYTES_OF_A_NUMBER
        if self._left < 0:
            raise ResultTooLarge
        return row


def _outcome(session: Session, results: tuple[StatementResult, ...]) -> SqlOutcome:
    connection = session.opened
    size = _pragma(connection, "page_count") * _pragma(connection, "page_size")
    return SqlOutcome(results, size, session.frames)


def _pragma(connection: apsw.Connection, pragma: str) -> int:
    with trusted(connection):
        [(number,)] = connection.execute(f"PRAGMA {pragma}", can_cache=False)
    return int(number)
