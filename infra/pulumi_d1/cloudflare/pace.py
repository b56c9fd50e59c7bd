"""The rate of requests: within Cloudflare's limit, and none while Cloudflare blocks them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.retry import BUDGET_SECONDS, LATER_SECONDS, SILENT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

logger = logging.getLogger(__name__)

_SHORTEST: Final = 0.001  # seconds; floating-point rounding could make a shorter pause end too early


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit on requests: at most so many in any period of so many seconds."""

    requests: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.requests:,} requests in {self.seconds} s"

    def shared_by(self, number: int) -> Rate:
        """Return an equal share of the rate, at least one request."""
        return Rate(max(self.requests // number, 1), self.seconds)

    def seconds_for(self, requests: int) -> float:
        """Return the seconds from the first to the last of so many requests."""
        return float(max(requests - 1, 0) // self.requests * self.seconds)


LIMIT: Final = Rate(1200, 300)
"""Cloudflare's limit on all requests of a user, or of an account's token, the dashboard included. A user who exceeds it
is refused for the next five minutes (Cloudflare's page "Rate limits")."""


class Pace:
    """Delays requests to keep to a rate, and all of them after a refusal. Safe for threads.

    No period of `rate.seconds` has more than `rate.requests` requests, wherever Cloudflare's window begins. A token
    bucket would allow a full bucket and its refill in one window.

    Args:
        rate: The limit.
        clock: Returns seconds since any fixed moment.
        sleep: Waits for a number of seconds.

    Attributes:
        rate: The limit.
        count: Number of requests so far.
    """

    def __init__(
        self,
        rate: Rate,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate = rate
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self._blocked_until = self._logged_until = float("-inf")
        self.count = 0

    def add_earlier(self, ages: Iterable[float]) -> None:
        """Include the requests of an earlier process, each sent so many seconds ago."""
        with self._lock:
            now = self._clock()
            self._sent = deque(sorted([*self._sent, *(now - age for age in ages)]))

    def wait_for_turn(self) -> None:
        """Wait until a request may be sent, and count it."""
        while (wait := self._claim()) is not None:
            self._sleep(max(wait, _SHORTEST))

    def block(self, retry_after: float | None) -> None:
        """Delay all requests by so many seconds, at most BUDGET_SECONDS; None if Cloudflare gave no duration."""
        seconds = LATER_SECONDS if retry_after is None else min(retry_after, BUDGET_SECONDS)
        with self._lock:
            until = self._clock() + seconds
            self._blocked_until = max(self._blocked_until, until)
            self._log(f"Cloudflare requested a wait of {seconds:.0f} s (HTTP 429): all requests wait", until)

    def _claim(self) -> float | None:
        """Count a request and return None if it may be sent now, or else return the seconds to wait."""
        with self._lock:
            now = self._clock()
            if now < self._blocked_until:
                return self._blocked_until - now
            while self._sent and now - self._sent[0] >= self.rate.seconds:
                self._sent.popleft()
            if len(self._sent) < self.rate.requests:
                self._sent.append(now)
                self.count += 1
                return None
            free = self._sent[len(self._sent) - self.rate.requests] + self.rate.seconds
            self._log(f"reached the limit of {self.rate}: waiting {free - now:.0f} s", free)
            return free - now

    def _log(self, line: str, until: float) -> None:
        """Log the reason of a wait, once for all threads."""
        if until - self._clock() > SILENT_SECONDS and self._clock() >= self._logged_until:
            self._logged_until = until
            logger.info(line)
