"""How fast requests may be sent: within Cloudflare's limit, and not at all while Cloudflare asks to wait."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.retry import LATER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SHORTEST: Final = 0.001  # seconds of a pause: below it, rounding would make of a pause none
_SILENT_SECONDS: Final = 2  # shorter waits need no line


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests that may be sent in any stretch of time.

    Attributes:
        requests: at most so many.
        seconds: in so many seconds.
    """

    requests: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.requests:,} requests in {self.seconds} s"

    def shared_by(self, number: int) -> Rate:
        """What each of so many has of it: at least one request."""
        return Rate(max(self.requests // number, 1), self.seconds)

    def wait(self, requests: int) -> float:
        """Seconds from the first of so many requests until the last one may be sent."""
        return float(max(requests - 1, 0) // self.requests * self.seconds)


LIMIT: Final = Rate(1200, 300)
"""Cloudflare's, on all requests of a user, or with an account's token, the dashboard included. Who exceeds it is
refused everything for the next five minutes (Cloudflare's page "Rate limits")."""


class Pace:
    """Holds requests back. Safe for threads, which all wait where one of them was told to.

    In no stretch of `rate.seconds` are more than `rate.requests` sent: wherever Cloudflare's window begins, it has no
    more. A bucket that fills while nothing is sent would let a full one and what flows in into the same window.

    Args:
        rate: to keep to.
        say: is told of each longer wait, once for all threads.
        clock: seconds, from any start.
        sleep: waits so many seconds.

    Attributes:
        rate: to keep to.
        count: requests that were let through.
    """

    def __init__(
        self,
        rate: Rate,
        say: Callable[[str], None] = lambda _: None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate = rate
        self._say, self._clock, self._sleep = say, clock, sleep
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self._closed_until = self._told_until = float("-inf")
        self.count = 0

    def remember(self, ages: Iterable[float]) -> None:
        """Counts requests that were sent so many seconds ago, by an earlier process."""
        with self._lock:
            now = self._clock()
            self._sent = deque(sorted([*self._sent, *(now - age for age in ages)]))

    def start(self) -> None:
        """Returns when a request may be sent, and counts it."""
        while (wait := self._claim()) is not None:
            self._sleep(max(wait, _SHORTEST))

    def refused(self, retry_after: float | None) -> None:
        """Lets nothing through for so many seconds, as Cloudflare asks; None where it does not say how long."""
        seconds = LATER_SECONDS if retry_after is None else retry_after
        with self._lock:
            until = self._clock() + seconds
            self._closed_until = max(self._closed_until, until)
            self._tell(f"Cloudflare asks to wait {seconds:.0f} s (HTTP 429): all requests wait", until)

    def _claim(self) -> float | None:
        """None where a request may go; else seconds until it is worth asking again."""
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return self._closed_until - now
            while self._sent and now - self._sent[0] >= self.rate.seconds:
                self._sent.popleft()
            if len(self._sent) < self.rate.requests:
                self._sent.append(now)
                self.count += 1
                return None
            free = self._sent[len(self._sent) - self.rate.requests] + self.rate.seconds
            self._tell(f"{self.rate} are sent, the limit: waiting {free - now:.0f} s", free)
            return free - now

    def _tell(self, line: str, until: float) -> None:
        if until - self._clock() > _SILENT_SECONDS and self._clock() >= self._told_until:
            self._told_until = until
            self._say(line)
