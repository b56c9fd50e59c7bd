"""Jobs in the background: one for each database, polled until its end."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from d1_emulator.api_errors import Busy, Malformed
from d1_emulator.transfers.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Callable


class HeldExecutor(Executor):
    """Runs jobs in `finish`, so that a test decides which jobs are running."""

    def __init__(self) -> None:
        self._held: list[tuple[Future[Any], Callable[..., Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert not args
        assert not kwargs
        future: Future[Any] = Future()
        self._held.append((future, fn))
        return future

    def finish(self) -> None:
        for future, work in self._held:
            try:
                future.set_result(work())
            except Malformed as error:
                future.set_exception(error)
        self._held.clear()


def refused() -> int:
    raise Malformed("no")


def test_a_job_is_polled_until_its_end_which_is_reported_once() -> None:
    executor = HeldExecutor()
    jobs: Jobs[int] = Jobs("import", executor, 0)
    assert not jobs.start("a", "bookmark", lambda: 7).outcome.done()
    for _ in range(2):
        running = jobs.poll("a")
        assert running
        assert not running.outcome.done()
    executor.finish()
    ended = jobs.poll("a")
    assert ended
    assert (ended.bookmark, ended.outcome.result()) == ("bookmark", 7)
    assert jobs.poll("a") is None


def test_each_database_has_one_job_at_a_time() -> None:
    executor = HeldExecutor()
    jobs: Jobs[int] = Jobs("import", executor, 0)
    jobs.start("a", "", lambda: 1)
    jobs.start("b", "", lambda: 2)
    with pytest.raises(Busy, match=r"^Currently processing a long-running import\.$"):
        jobs.start("a", "", lambda: 3)
    executor.finish()
    jobs.start("a", "", lambda: 4)
    executor.finish()
    last = jobs.poll("a")
    assert last
    assert last.outcome.result() == 4, "an ended job that was not polled is dropped"


def test_a_fast_job_ends_in_the_first_answer() -> None:
    with ThreadPoolExecutor() as executor:
        jobs: Jobs[int] = Jobs("export", executor, 60)
        assert jobs.start("a", "", lambda: 7).outcome.done()
        assert jobs.poll("a") is None


def test_a_failed_job_has_ended() -> None:
    executor = HeldExecutor()
    jobs: Jobs[int] = Jobs("export", executor, 0)
    jobs.start("a", "", refused)
    executor.finish()
    ended = jobs.poll("a")
    assert ended
    with pytest.raises(Malformed):
        ended.outcome.result()
    assert jobs.poll("a") is None
