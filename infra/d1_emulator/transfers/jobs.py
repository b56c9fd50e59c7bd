"""Jobs that outlast a request: at most one for each database, in a thread, polled by the client."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from d1_emulator.api_errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One job.

    Attributes:
        bookmark: The database's bookmark when the job started; clients use it as the job's name.
        outcome: The result of the job, or its exception.
    """

    bookmark: str
    outcome: Future[T]


class Jobs(Generic[T]):
    """The jobs of one kind. Safe for threads.

    Args:
        kind: The name of the kind, for error texts.
        poll_seconds: How long an answer waits for the end, because clients poll without a pause.
    """

    def __init__(self, kind: str, executor: Executor, poll_seconds: float) -> None:
        self._kind = kind
        self._executor = executor
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._jobs: dict[str, Job[T]] = {}  # by the database's uuid

    def start(self, uuid: str, bookmark: str, work: Callable[[], T]) -> Job[T]:
        """Start a job on a database, and wait for its end as `poll` does. An ended job that was not polled is dropped.

        Raises:
            Busy: Another job of this kind is running on the database.
        """
        with self._lock:
            self._check(uuid)
            job = Job(bookmark, self._executor.submit(work))
            self._jobs[uuid] = job
        return self._wait(uuid, job)

    def check(self, uuid: str) -> None:
        """Raise Busy if a job is running on a database."""
        with self._lock:
            self._check(uuid)

    def poll(self, uuid: str) -> Job[T] | None:
        """Return the job on a database, after waiting for its end; None if none was started since the last end."""
        with self._lock:
            job = self._jobs.get(uuid)
        return None if job is None else self._wait(uuid, job)

    def _check(self, uuid: str) -> None:
        running = self._jobs.get(uuid)
        if running is not None and not running.outcome.done():
            raise Busy(self._kind)

    def _wait(self, uuid: str, job: Job[T]) -> Job[T]:
        wait([job.outcome], self._poll_seconds)
        with self._lock:
            if job.outcome.done() and self._jobs.get(uuid) is job:
                del self._jobs[uuid]
        return job
