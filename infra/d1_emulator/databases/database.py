"""One database: one connection behind one lock, so that its requests run one after another, as on the service."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from d1_emulator.errors import DatabaseNotFound
from d1_emulator.timetravel.timeline import ROTATE_BYTES, Timeline
from pulumi_d1.sqlite.execute import Query, StatementResult, run_batch
from pulumi_d1.sqlite.sandbox import trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    import apsw

T = TypeVar("T")

_STEPS_BETWEEN_CHECKS: Final = 10_000  # of SQLite's virtual machine, well under a millisecond


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request for SQL gave.

    Attributes:
        results: one for each statement.
        size_after: size of the database, in bytes.
        bookmark: of the moment after it.
    """

    results: tuple[StatementResult, ...]
    size_after: int
    bookmark: str


@dataclass(frozen=True, slots=True)
class Size:
    """How large a database is: bytes, and user tables."""

    file_size: int
    num_tables: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore gave: the bookmark that is now current, and the one that was."""

    bookmark: str
    previous_bookmark: str


class Database:
    """One database. Safe for threads. It opens when first used, and again after `try_close`.

    Args:
        folder: the database's, made by `create`.
        uuid: the database's.
        seconds: longest time for one request's SQL, in seconds. The service's is 30.
        rotate_bytes: see `timetravel.timeline.Timeline`.
    """

    def __init__(self, folder: Path, uuid: str, *, seconds: float = 30.0, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._timeline = Timeline(folder, uuid, rotate_bytes)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None
        self._frames = 0  # in the WAL, as of the last commit
        self._gone = False

    def create(self, now: datetime) -> None:
        """Make the files of a new, empty database, in a folder that exists."""
        self._timeline.create(now)

    def run(self, batch: Sequence[Query], *, timed: bool = True) -> Outcome:
        """Run queries in one transaction.

        Args:
            batch: the queries.
            timed: whether the longest time for one request counts.

        Raises:
            SqlError: a statement was refused, or time ran out; nothing has taken effect.
            DatabaseNotFound: the database has been deleted meanwhile.
        """
        with self._lock:
            connection = self._open()
            self._allow(connection, self._seconds if timed else math.inf)
            results = run_batch(connection, batch)
            size = _file_size(connection)
            self._timeline.record(self._frames)
            outcome = Outcome(results, size, self._timeline.bookmark(self._timeline.current))
            if self._timeline.is_full:
                self._close()
                self._timeline.rotate()
            return outcome

    def size(self) -> Size:
        """Measure the database. Tables of SQLite's and of the service's own are not counted."""
        with self._lock:
            connection = self._open()
            with trusted(connection):
                [(tables,)] = connection.execute(
                    "SELECT count(*) FROM sqlite_schema"
                    " WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                    " AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
                    can_cache=False,
                )
            return Size(_file_size(connection), int(tables))

    def look(self, reader: Callable[[apsw.Connection], T]) -> T:
        """Give what a function reads from the database, while nothing changes it."""
        with self._lock:
            connection = self._open()
            self._allow(connection, math.inf)
            return reader(connection)

    def bookmark(self) -> str:
        """The bookmark of the last commit."""
        with self._lock:
            self._open()
            return self._timeline.bookmark(self._timeline.current)

    def bookmark_at(self, moment: datetime, retention: timedelta) -> str:
        """The newest bookmark at or before a time. Raises TimeUnavailable where there is none."""
        with self._lock:
            self._open()
            return self._timeline.bookmark(self._timeline.at(moment, retention))

    def restore(self, bookmark: str) -> Restored:
        """Bring back the content of an earlier moment. Raises BookmarkUnknown."""
        with self._lock:
            self._open()
            previous = self._timeline.bookmark(self._timeline.current)
            self._close()
            self._timeline.restore(bookmark)
            return Restored(self._timeline.bookmark(self._timeline.current), previous)

    def try_close(self) -> bool:
        """Close the connection if no request is using it, to free its three file descriptors."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._close()
        finally:
            self._lock.release()
        return True

    def close(self, *, gone: bool = False) -> None:
        """Close the connection once its request has ended; `gone` ends it, and refuses all that come after."""
        self._gone = self._gone or gone
        with self._lock:
            self._close()

    def _open(self) -> apsw.Connection:
        if self._gone:
            raise DatabaseNotFound
        if self._connection is None:
            self._connection = self._timeline.open()
            self._frames = self._timeline.current.frame
            self._connection.set_wal_hook(self._committed)
        return self._connection

    def _allow(self, connection: apsw.Connection, seconds: float) -> None:
        """Interrupt what runs on the connection after so many seconds, or when the database is gone."""
        deadline = time.monotonic() + seconds
        connection.set_progress_handler(lambda: self._gone or time.monotonic() > deadline, _STEPS_BETWEEN_CHECKS)

    def _committed(self, _connection: apsw.Connection, _name: str, frames: int) -> int:
        self._frames = frames
        return 0

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _file_size(connection: apsw.Connection) -> int:
    with trusted(connection):
        [(pages,)] = connection.execute("PRAGMA page_count", can_cache=False)
        [(page_bytes,)] = connection.execute("PRAGMA page_size", can_cache=False)
    return int(pages) * int(page_bytes)
