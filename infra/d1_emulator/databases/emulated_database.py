"""One database: one process behind one lock, so its requests run one after another, as on the service.

A read does not wait for a long request: it runs in another process, on the last commit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from d1_emulator.api_errors import (
    Busy,
    DatabaseNotFound,
    ImportDied,
    Overloaded,
    ServiceLimit,
    StorageReset,
    StorageTimeout,
)
from d1_emulator.databases import sql_session
from d1_emulator.databases.limits import Limits
from d1_emulator.databases.sql_process import ProcessEndedError
from d1_emulator.timetravel.timeline import ROTATE_BYTES, Timeline
from pulumi_d1.sqlite.statements import split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    import apsw

    from d1_emulator.api_errors import RequestError
    from d1_emulator.databases.limits import RequestLimits
    from d1_emulator.databases.sql_process import SqlProcess, SqlProcesses
    from d1_emulator.databases.sql_session import DatabaseSize, SqlOutcome
    from pulumi_d1.sqlite.execute import Query, StatementResult

T = TypeVar("T")

_SECONDS_BEFORE_A_READ_PASSES: Final = 1.0
_READS_BESIDE_A_REQUEST: Final = 4
_IMPORT_MARK: Final = "import"
"""The file with the bookmark to restore if an import of statements does not end."""
_OF_QUERY: Final = Limits().of_query


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
class RestoreOutcome:
    """The bookmark after a restore, and the one before it."""

    bookmark: str
    previous_bookmark: str


@dataclass(frozen=True, slots=True)
class _Opener:
    """Opens segments in a process."""

    process: SqlProcess

    def open(self, path: str) -> int:
        """Open a segment. Return the committed frames in its WAL."""
        return self.process.call(sql_session.open_segment, path)

    def close(self) -> None:
        """Close it."""
        self.process.call(sql_session.close_segment)


class EmulatedDatabase:
    """One database. Safe for threads. It opens when first used, and again after `try_close`.

    Args:
        folder: The database's folder, filled by `create`.
        processes: The processes that can run its SQL.
        rotate_bytes: The size of a log above which a new segment starts; see `timetravel.timeline.Timeline`.
        count: Called with the results of each request that took effect.
    """

    def __init__(
        self,
        folder: Path,
        uuid: str,
        processes: SqlProcesses,
        *,
        rotate_bytes: int = ROTATE_BYTES,
        count: Callable[[tuple[StatementResult, ...]], None] = lambda _results: None,
    ) -> None:
        self._count = count
        self._timeline = Timeline(folder, uuid, rotate_bytes)
        self._mark = folder / _IMPORT_MARK
        self._processes = processes
        self._lock = threading.Lock()
        self._process: SqlProcess | None = None
        self._readable = False  # reads may open the segment too
        self._reads = threading.BoundedSemaphore(_READS_BESIDE_A_REQUEST)
        self._is_importing = False
        self._closed_for_good = False

    def create(self, now: datetime) -> None:
        """Create the files of a new, empty database, in a folder that exists."""
        self._timeline.create(now)

    def run(self, batch: Sequence[Query], limits: RequestLimits = _OF_QUERY) -> BatchOutcome:
        """Run queries in one transaction.

        Raises:
            SqlError: A statement was refused; nothing has taken effect.
            ServiceLimit: A limit was reached; nothing has taken effect.
            Busy: The queries write, and an import of statements is running.
            DatabaseNotFound: The database has been deleted meanwhile.
        """
        if not self._acquire_soon():
            read = self._beside(sql_session.read, batch, limits, seconds=limits.seconds)
            if read is not None:
                return self._batch_outcome(read)
            if self._is_importing:
                raise Busy("import")
            if not self._lock.acquire(timeout=-1 if limits.seconds is None else limits.seconds):
                raise Overloaded
        try:
            self._open()
            return self._recorded(self._call(sql_session.run, batch, limits, seconds=limits.seconds))
        finally:
            self._lock.release()

    def import_statements(self, sql: str, limits: RequestLimits, dies_ms: int | None = None) -> BatchOutcome:
        """Run a script with a commit after each statement; reads see each. If one fails, Time Travel undoes all.

        If the process ends meanwhile, the database is restored when it opens next.

        Args:
            dies_ms: None, or the import dies after half of its statements, and is undone so many milliseconds later.

        Raises:
            ImportDied: As `dies_ms` asks for.
            SqlError: A statement was refused; nothing has taken effect.
            ServiceLimit: A limit was reached; nothing has taken effect.
            DatabaseNotFound: The database has been deleted meanwhile.
        """
        with self._lock:
            self._open()
            self._mark.write_text(self._timeline.bookmark(self._timeline.current))
            self._is_importing = True
            try:
                count = None if dies_ms is None else len(split(sql)) // 2
                outcome, failure = self._call(sql_session.run_statements, sql, limits, count, seconds=limits.seconds)
                if failure is not None:
                    self._timeline.record(outcome.frames)
                    self._undo_import()
                    raise failure
                if dies_ms is not None:
                    self._timeline.record(outcome.frames)
                    _later(dies_ms, self._undo_dead_import)
                    raise ImportDied
                self._mark.unlink()
                return self._recorded(outcome)
            finally:
                self._is_importing = False

    def size(self) -> DatabaseSize:
        """Measure the database."""
        return self.read(sql_session.measure)

    def read(self, reader: Callable[[apsw.Connection], T]) -> T:
        """Return what a function reads from the database, while nothing changes what it sees.

        Args:
            reader: A function that pickle can name, and that does not return None.
        """
        if not self._acquire_soon():
            read: T | None = self._beside(sql_session.call, reader)
            if read is not None:
                return read
            self._lock.acquire()
        try:
            self._open()
            result: T = self._call(sql_session.call, reader)
            return result
        finally:
            self._lock.release()

    def bookmark(self) -> str:
        """Return the bookmark of the last commit."""
        self._ensure_opened()
        return self._timeline.bookmark(self._timeline.current)

    def bookmark_at(self, when: datetime, retention: timedelta) -> str:
        """Return the newest bookmark at or before a time. Raises TimeUnavailable."""
        self._ensure_opened()
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
        """Close the database if no request is using it, to free its process."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._close()
        finally:
            self._lock.release()
        return True

    def close(self, *, for_good: bool = False) -> None:
        """Close the database after its request; `for_good` ends that request and refuses all later ones."""
        self._closed_for_good = self._closed_for_good or for_good
        process = self._process
        if for_good and process is not None:
            process.kill()
        with self._lock:
            self._close()

    def _acquire_soon(self) -> bool:
        """Wait for the lock, but not for a long request."""
        return not self._is_importing and self._lock.acquire(timeout=_SECONDS_BEFORE_A_READ_PASSES)

    def _beside(self, function: Callable[..., T], *arguments: object, seconds: float | None = None) -> T | None:
        """Return what a function reads from the last commit, in another process than the request in progress.

        Return None if that request has only begun to open the database, or if many reads do so already.
        """
        if not self._readable or not self._reads.acquire(blocking=False):
            return None
        try:
            process = self._processes.take()
            process.call(sql_session.open_to_read, self._timeline.path)
            try:
                return process.call(function, *arguments, seconds=seconds)
            finally:
                process.call(sql_session.close_segment)
                self._processes.put(process)
        except ProcessEndedError as error:
            raise self._reason(error) from error
        finally:
            self._reads.release()

    def _call(self, function: Callable[..., T], *arguments: object, seconds: float | None = None) -> T:
        """Return what a function does in the process of the open database."""
        process = self._process
        assert process is not None, "_open is called first"  # noqa: S101 - a mistake of ours
        try:
            return process.call(function, *arguments, seconds=seconds)
        except ProcessEndedError as error:
            self._process, self._readable = None, False
            self._timeline.shorten()
            raise self._reason(error) from error
        except ServiceLimit:
            self._close()
            self._timeline.shorten()
            raise

    def _reason(self, error: ProcessEndedError) -> RequestError:
        if self._closed_for_good:
            return DatabaseNotFound()
        return StorageTimeout() if error.is_late else StorageReset()

    def _recorded(self, outcome: SqlOutcome) -> BatchOutcome:
        self._timeline.record(outcome.frames)
        recorded = self._batch_outcome(outcome)
        if self._timeline.is_full:
            self._close()
            self._timeline.rotate()
        return recorded

    def _batch_outcome(self, outcome: SqlOutcome) -> BatchOutcome:
        self._count(outcome.results)
        return BatchOutcome(outcome.results, outcome.size, self._timeline.bookmark(self._timeline.current))

    def _ensure_opened(self) -> None:
        """Open the database if it is not, without waiting for the request in progress."""
        if not self._readable or self._closed_for_good:
            with self._lock:
                self._open()

    def _open(self) -> None:
        if self._closed_for_good:
            raise DatabaseNotFound
        if self._process is not None:
            return
        try:
            process = self._processes.take()
        except ProcessEndedError as error:
            raise self._reason(error) from error
        try:
            self._timeline.open(_Opener(process))
        except BaseException:
            process.end()
            raise
        self._process, self._readable = process, True
        if self._mark.exists():
            self._undo_import()
            self._open()

    def _undo_dead_import(self) -> None:
        with self._lock:
            if self._mark.exists() and not self._closed_for_good:
                self._undo_import()

    def _undo_import(self) -> None:
        """Restore the database as it was before an import of statements that failed, or that a kill ended."""
        self._close()
        self._timeline.restore(self._mark.read_text())
        self._mark.unlink()

    def _close(self) -> None:
        process, self._process, self._readable = self._process, None, False
        if process is None:
            return
        try:
            process.call(sql_session.close_segment)
        except ProcessEndedError:
            return
        self._processes.put(process)


def _later(milliseconds: int, action: Callable[[], None]) -> None:
    timer = threading.Timer(milliseconds / 1000, action)
    timer.daemon = True
    timer.start()
