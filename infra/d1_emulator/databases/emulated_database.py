"""One database: one connection behind one lock, so its requests run one after another, as on the service."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from d1_emulator.api_errors import DatabaseNotFound
from d1_emulator.timetravel.timeline import ROTATE_BYTES, Timeline
from pulumi_d1.sqlite.execute import Query, StatementResult, run_batch
from pulumi_d1.sqlite.sandbox import trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    import apsw

T = TypeVar("T")

_STEPS_BETWEEN_CHECKS: Final = 10_000  # steps of SQLite's virtual machine: well under a millisecond


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """The outcome of a request for SQL.

    Attributes:
        size_after: The size of the database, in bytes.
    """

    results: tuple[StatementResult, ...]
    size_after: int
    bookmark: str


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """The size of a database: bytes, and user tables."""

    file_size: int
    num_tables: int


@dataclass(frozen=True, slots=True)
class RestoreOutcome:
    """The bookmark after a restore, and the one before it."""

    bookmark: str
    previous_bookmark: str


class EmulatedDatabase:
    """One database. Safe for threads. It opens when first used, and again after `try_close`.

    Args:
        folder: The database's folder, filled by `create`.
        seconds: The longest time for one request's SQL. The service's is 30.
        rotate_bytes: The size of a log above which a new segment starts; see `timetravel.timeline.Timeline`.
    """

    def __init__(self, folder: Path, uuid: str, *, seconds: float = 30.0, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._timeline = Timeline(folder, uuid, rotate_bytes)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None
        self._frames = 0  # in the WAL at the last commit
        self._closed_for_good = False

    def create(self, now: datetime) -> None:
        """Create the files of a new, empty database, in a folder that exists."""
        self._timeline.create(now)

    def run(self, batch: Sequence[Query], *, timed: bool = True) -> BatchOutcome:
        """Run queries in one transaction, without a time limit unless `timed`.

        Raises:
            SqlError: A statement was refused, or time ran out; nothing has taken effect.
            DatabaseNotFound: The database has been deleted meanwhile.
        """
        with self._lock:
            connection = self._open()
            self._limit_time(connection, self._seconds if timed else math.inf)
            results = run_batch(connection, batch)
            size = _file_size(connection)
            self._timeline.record(self._frames)
            outcome = BatchOutcome(results, size, self._timeline.bookmark(self._timeline.current))
            if self._timeline.is_full:
                self._close()
                self._timeline.rotate()
            return outcome

    def size(self) -> DatabaseSize:
        """Measure the database. Internal tables of SQLite and of the service are not counted."""
        with self._lock:
            connection = self._open()
            with trusted(connection):
                [(tables,)] = connection.execute(
                    "SELECT count(*) FROM sqlite_schema"
                    " WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                    " AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
                    can_cache=False,
                )
            return DatabaseSize(_file_size(connection), int(tables))

    def read(self, reader: Callable[[apsw.Connection], T]) -> T:
        """Return what a function reads from the database, while nothing changes it."""
        with self._lock:
            connection = self._open()
            self._limit_time(connection, math.inf)
            return reader(connection)

    def bookmark(self) -> str:
        """Return the bookmark of the last commit."""
        with self._lock:
            self._open()
            return self._timeline.bookmark(self._timeline.current)

    def bookmark_at(self, when: datetime, retention: timedelta) -> str:
        """Return the newest bookmark at or before a time. Raises TimeUnavailable."""
        with self._lock:
            self._open()
            return self._timeline.bookmark(self._timeline.at(when, retention))

    def restore(self, bookmark: str) -> RestoreOutcome:
        """Restore the content of an earlier moment. Raises BookmarkUnknown."""
        with self._lock:
            self._open()
            previous = self._timeline.bookmark(self._timeline.current)
            self._close()
            self._timeline.restore(bookmark)
            return RestoreOutcome(self._timeline.bookmark(self._timeline.current), previous)

    def try_close(self) -> bool:
        """Close the connection if no request is using it, to free its three file descriptors."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._close()
        finally:
            self._lock.release()
        return True

    def close(self, *, for_good: bool = False) -> None:
        """Close the connection after its request; `for_good` interrupts that request and refuses all later ones."""
        self._closed_for_good = self._closed_for_good or for_good
        with self._lock:
            self._close()

    def _open(self) -> apsw.Connection:
        if self._closed_for_good:
            raise DatabaseNotFound
        if self._connection is None:
            self._connection = self._timeline.open()
            self._frames = self._timeline.current.frame
            self._connection.set_wal_hook(self._committed)
        return self._connection

    def _limit_time(self, connection: apsw.Connection, seconds: float) -> None:
        """Interrupt the connection's statements after so many seconds, or once the database is closed for good."""
        deadline = time.monotonic() + seconds

        def is_over() -> bool:
            return self._closed_for_good or time.monotonic() > deadline

        connection.set_progress_handler(is_over, _STEPS_BETWEEN_CHECKS)

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
