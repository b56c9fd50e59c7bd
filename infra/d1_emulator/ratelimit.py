"""Count requests against a quota: how many are left, and how long further ones are refused.

The service's quota for its whole API is 1,200 requests in five minutes for each user. A user who exceeds it is refused
everything for the next five minutes (Cloudflare's page "Rate limits"). The page does not describe the window; this
module assumes a fixed one that starts with the first request.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Quota:
    """A number of requests allowed in a time.

    Attributes:
        block_seconds: How long everything is refused once the quota is exceeded; 0 means until the window ends.
    """

    requests: int
    seconds: float
    block_seconds: float = 0.0


API_QUOTA: Final = Quota(1200, 300.0, 300.0)
"""The quota of all requests with one token."""
RESTORE_QUOTA: Final = Quota(10, 600.0)
"""The quota of restores of one database (Cloudflare's page on D1's limits)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The state of a quota after one request.

    Attributes:
        refused: True if the request exceeded the quota.
        remaining: How many more requests are allowed.
        reset_seconds: Time until a new window starts, rounded up.
    """

    refused: bool
    remaining: int
    reset_seconds: int


@dataclass(frozen=True, slots=True)
class _Window:
    """The requests so far, and the end of the window or of the block."""

    used: int
    end: float
    blocked: bool


class Meter:
    """Counts requests, separately for each key. Safe for threads.

    Args:
        clock: Returns seconds, from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def take(self, key: str, quota: Quota) -> Usage:
        """Count one request."""
        with self._lock:
            now = self._clock()
            window = self._next(self._windows.get(key), quota, now)
            self._windows[key] = window
        return Usage(window.blocked, max(quota.requests - window.used, 0), max(math.ceil(window.end - now), 1))

    @staticmethod
    def _next(window: _Window | None, quota: Quota, now: float) -> _Window:
        if window is None or now >= window.end:
            window = _Window(0, now + quota.seconds, blocked=False)
        if window.blocked:
            return window  # requests during a block do not make it longer
        if window.used < quota.requests:
            return _Window(window.used + 1, window.end, blocked=False)
        end = now + quota.block_seconds if quota.block_seconds else window.end
        return _Window(window.used, end, blocked=True)
