"""A clock that a test advances, and a database whose write runs at a chosen moment of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from pulumi_d1.cloudflare.client import REQUEST_SECONDS
from pulumi_d1.cloudflare.database import D1Api
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import OutcomeUnknown, SqlRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from pulumi_d1.cloudflare.database import QueryResult

T = TypeVar("T")

BEFORE_THE_SECOND: Final = -1.0
AFTER_THE_SECOND: Final = -2.0
AFTER_THE_RUN: Final = -3.0


@dataclass
class Clock:
    """Time that passes only in `sleep`.

    Attributes:
        events: What happens at a moment, in no order.
    """

    now: float = 0
    events: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._run([event for event in self.events if 0 <= event[0] <= self.now])

    def reach(self, moment: float) -> None:
        """Run what happens at one of the moments that have no time."""
        self._run([event for event in self.events if event[0] == moment])

    def _run(self, events: list[tuple[float, Callable[[], None]]]) -> None:
        for event in events:
            self.events.remove(event)
            event[1]()


@dataclass(frozen=True)
class LateDatabase(D1Api):
    """A database whose first write of a file gets no response, and runs at a chosen moment.

    Attributes:
        name: The name of that file; empty if no response is lost.
        moment: Seconds after the write was sent, or one of the constants; None if it never runs.
        sent: The scripts that were sent with that file.
        refusals: The errors of the late write.
    """

    clock: Clock = field(default_factory=Clock)
    name: str = ""
    moment: float | None = 0
    sent: list[str] = field(default_factory=list)
    refusals: list[SqlRefused] = field(default_factory=list)

    @classmethod
    def of(cls, database: D1Api, name: str, moment: float | None) -> LateDatabase:
        """Return the database with a clock of its own."""
        clock = Clock()
        retry = Retry(clock.sleep, lambda: 1.0)
        return cls(database.client, database.account_id, database.database_id, retry, clock, name, moment)

    def write(self, sql: str) -> tuple[QueryResult, ...]:
        return self._send(sql, super().write)

    def import_script(self, *pieces: str, timeout: timedelta | None = None) -> None:
        self._send("".join(pieces), lambda sql: super(LateDatabase, self).import_script(sql, timeout=timeout))

    def end(self) -> None:
        """Run the late write if it has not run yet."""
        self.clock.reach(AFTER_THE_RUN)
        self.clock.sleep(10 * REQUEST_SECONDS)

    def _send(self, sql: str, run: Callable[[str], T]) -> T:
        if not self.name or self.name not in sql:
            return run(sql)
        self.sent.append(sql)
        if len(self.sent) == 1:
            if self.moment is not None:
                at = self.moment + (self.clock.now if self.moment >= 0 else 0)
                self.clock.events.append((at, lambda: self._run_late(sql, run)))
            self.clock.sleep(REQUEST_SECONDS)
            raise OutcomeUnknown("no answer")
        self.clock.reach(BEFORE_THE_SECOND)
        answer = run(sql)
        self.clock.reach(AFTER_THE_SECOND)
        return answer

    def _run_late(self, sql: str, run: Callable[[str], object]) -> None:
        try:
            run(sql)
        except SqlRefused as error:
            self.refusals.append(error)
