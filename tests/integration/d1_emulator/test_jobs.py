"""Work in the background: one piece for each database, polled until its end."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from d1_emulator.api_errors import Busy, Malformed
from d1_emulator.transfers.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Callable


class Held(Executor):
    """Runs work when told to, so that a test decides what is running."""

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


def test_work_is_polled_until_its_end_which_is_told_once() -> None:
    held = Held()
    jobs: Jobs[int] = Jobs("import", held, 0)
    assert not jobs.start("a", "bookmark", lambda: 7).outcome.done()
    for _ in range(2):
        running = jobs.poll("a")
        assert running
        assert not running.outcome.done()
    held.finish()
    ended = jobs.poll("a")
    assert ended
    assert (ended.bookmark, ended.outcome.result()) == ("bookmark", 7)
    assert jobs.poll("a") is None


def test_one_piece_of_work_at_a_time_for_each_database() -> None:
    held = Held()
    jobs: Jobs[int] = Jobs("import", held, 0)
    jobs.start("a", "", lambda: 1)
    jobs.start("b", "", lambda: 2)
    with pytest.raises(Busy, match=r"^Currently processing a long-running import\.$"):
        jobs.start("a", "", lambda: 3)
    held.finish()
    jobs.start("a", "", lambda: 4)
    held.finish()
    found = jobs.poll("a")
    assert found
    assert found.outcome.result() == 4, "an end that nobody asked after is forgotten"


def test_quick_work_ends_in_the_first_answer() -> None:
    with ThreadPoolExecutor() as executor:
        jobs: Jobs[int] = Jobs("export", executor, 60)
        assert jobs.start("a", "", lambda: 7).outcome.done()
        assert jobs.poll("a") is None


def test_work_that_fails_has_ended_too() -> None:
    held = Held()
    jobs: Jobs[int] = Jobs("export", held, 0)
    jobs.start("a", "", refused)
    held.finish()
    ended = jobs.poll("a")
    assert ended
    with pytest.raises(Malformed):
        ended.outcome.result()
    assert jobs.poll("a") is None
