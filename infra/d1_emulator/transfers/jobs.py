"""Work that outlasts a request: at most one piece for each database, in a thread, asked after by polling."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from d1_emulator.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One piece of work.

    Attributes:
        bookmark: of the database when the work was asked for; clients name the job by it.
        outcome: what the work gives, or the exception that it ended with.
    """

    bookmark: str
    outcome: Future[T]


class Jobs(Generic[T]):
    """The work of one kind. Safe for threads.

    Args:
        kind: of the work, for error texts.
        executor: runs it.
        poll_seconds: how long an answer waits for the end: clients ask again without a pause of their own.
    """

    def __init__(self, kind: str, executor: Executor, poll_seconds: float) -> None:
        self._kind = kind
        self._executor = executor
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._jobs: dict[str, Job[T]] = {}  # by the database's uuid

    def start(self, uuid: str, bookmark: str, work: Callable[[], T]) -> Job[T]:
        """Start work on a database, and wait a while for its end, as `poll` does.

        Work that has ended without anybody asking after it is forgotten.

        Raises:
            Busy: other work of this kind is running on it.
        """
        with self._lock:
            self._check(uuid)
            job = Job(bookmark, self._executor.submit(work))
            self._jobs[uuid] = job
        return self._settled(uuid, job)

    def check(self, uuid: str) -> None:
        """Raise Busy if work on a database is running."""
        with self._lock:
            self._check(uuid)

    def poll(self, uuid: str) -> Job[T] | None:
        """Ask after the work on a database: wait a while for its end, and forget it once it has ended.

        Returns:
            the job, its outcome done or not; None where nothing has been started since the last end.
        """
        with self._lock:
            job = self._jobs.get(uuid)
        return None if job is None else self._settled(uuid, job)

    def _check(self, uuid: str) -> None:
        running = self._jobs.get(uuid)
        if running is not None and not running.outcome.done():
            raise Busy(self._kind)

    def _settled(self, uuid: str, job: Job[T]) -> Job[T]:
        wait([job.outcome], self._poll_seconds)
        with self._lock:
            if job.outcome.done() and self._jobs.get(uuid) is job:
                del self._jobs[uuid]
        return job
