"""The canary first, then the others, so many at a time; and when to stop.

A canary is a database that has something pending: one that is up to date would prove nothing. So all databases are
looked at side by side, and the gate lets the first ones that have something to write pass, and holds the others until
these are fine.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from pulumi_d1.fleet.result import Result, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pulumi_d1.cloudflare.account import Description

    Migrate = Callable[[Description, Callable[[], bool]], Result]


class Gate:
    """Decides who may write. Safe for threads.

    Args:
        canaries: how many databases write before the others may.
        max_failures: so many failures end the run; of a canary, one does.
    """

    def __init__(self, canaries: int, max_failures: int) -> None:
        self._to_admit = self._to_prove = canaries
        self._failures_left = max_failures
        self._stopped = False
        self._changed = threading.Condition()

    @property
    def stopped(self) -> bool:
        """Whether nobody else may begin."""
        return self._stopped

    def enter(self) -> bool:
        """Whether the caller may write; waits until that is known."""
        with self._changed:
            if self._to_admit and not self._stopped:
                self._to_admit -= 1
                return True
            self._changed.wait_for(lambda: self._stopped or not self._to_prove)
            return not self._stopped

    def settle(self, state: State, *, entered: bool) -> None:
        """Takes note of how a database ended.

        Args:
            state: how.
            entered: whether it was let in.
        """
        with self._changed:
            if state is State.FAILED:
                self._failures_left -= 1
                canary_failed = entered and self._to_prove > 0
                self._stopped = self._stopped or canary_failed or self._failures_left <= 0
            elif entered and self._to_prove:
                self._to_prove -= 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Lets nobody else begin; who has begun goes on."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


def run(members: Sequence[Description], migrate: Migrate, gate: Gate, concurrency: int) -> Iterator[Result]:
    """Migrates databases, and yields how each one ended, as they end.

    Args:
        members: the databases, in the order in which to begin.
        migrate: migrates one; is given the gate's `enter`.
        gate: decides who may write.
        concurrency: how many at a time.
    """
    with ThreadPoolExecutor(concurrency, thread_name_prefix="fleet") as pool:
        waiting = [pool.submit(_one, member, migrate, gate) for member in members]
        for future in as_completed(waiting):
            yield future.result()


def _one(member: Description, migrate: Migrate, gate: Gate) -> Result:
    entered = False

    def enter() -> bool:
        nonlocal entered
        entered = gate.enter()
        return entered

    if gate.stopped:
        return Result(member.name, member.id, State.NOT_STARTED)
    try:
        result = migrate(member, enter)
    except BaseException:
        gate.stop()  # whoever waits for this canary would wait for ever
        raise
    gate.settle(result.state, entered=entered)
    return result
