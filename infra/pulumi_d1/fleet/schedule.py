"""Run the canary first, then the others side by side, and stop after a failure.

Only a database with pending files can be a canary: one that is up to date would prove nothing. So all databases are
reviewed side by side. The gate admits the first ones with something to write, and holds the others until these
succeeded.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from pulumi_d1.fleet.result import MemberResult, MemberState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pulumi_d1.cloudflare.account import DatabaseInfo

    Migrate = Callable[[DatabaseInfo, Callable[[], bool]], MemberResult]


class Gate:
    """Decides which databases may be written to. Safe for threads.

    Args:
        canaries: Number of databases that must succeed before others are written to.
        max_failures: Number of failures that end the run. One failed canary ends it too.
    """

    def __init__(self, canaries: int, max_failures: int) -> None:
        self._to_admit = self._to_prove = canaries
        self._failures_left = max_failures
        self._stopped = False
        self._changed = threading.Condition()

    @property
    def stopped(self) -> bool:
        """True if no other database may begin."""
        return self._stopped

    def enter(self) -> bool:
        """Wait for the decision, and return whether the caller may write."""
        with self._changed:
            if self._to_admit and not self._stopped:
                self._to_admit -= 1
                return True
            self._changed.wait_for(lambda: self._stopped or not self._to_prove)
            return not self._stopped

    def record(self, state: MemberState, *, entered: bool) -> None:
        """Record the outcome of a database.

        Args:
            entered: True if `enter` admitted it.
        """
        with self._changed:
            if state is MemberState.FAILED:
                self._failures_left -= 1
                canary_failed = entered and self._to_prove > 0
                self._stopped = self._stopped or canary_failed or self._failures_left <= 0
            elif entered and self._to_prove:
                self._to_prove -= 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Let no other database begin. Those that have begun finish."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


def run_members(
    members: Sequence[DatabaseInfo], migrate: Migrate, gate: Gate, concurrency: int
) -> Iterator[MemberResult]:
    """Migrate databases, and yield the outcome of each as soon as it ends.

    Args:
        members: The databases, in the order in which to begin.
        migrate: Migrates one of them. Its second argument is the gate's `enter`.
        concurrency: Number of databases at a time.
    """
    with ThreadPoolExecutor(concurrency, thread_name_prefix="fleet") as pool:
        futures = [pool.submit(_migrate_one, member, migrate, gate) for member in members]
        for future in as_completed(futures):
            yield future.result()


def _migrate_one(member: DatabaseInfo, migrate: Migrate, gate: Gate) -> MemberResult:
    entered = False

    def enter() -> bool:
        nonlocal entered
        entered = gate.enter()
        return entered

    if gate.stopped:
        return MemberResult(member.name, member.id, MemberState.NOT_STARTED)
    try:
        result = migrate(member, enter)
    except BaseException:
        gate.stop()  # or the databases that wait for this canary would never continue
        raise
    gate.record(result.state, entered=entered)
    return result
