"""Counts requests against a quota: how many are left, and from when to when further ones are refused.

The service's quota for its whole API is 1,200 requests in five minutes for each user, and whoever exceeds it is refused
everything for the next five (Cloudflare's page "Rate limits"). That its window is a fixed one, and starts with the
first request, is an assumption: the page does not say.
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
    """What is allowed.

    Attributes:
        requests: in one window.
        seconds: length of a window.
        block_seconds: for how long everything is refused once the quota is exceeded; 0 means until the window ends.
    """

    requests: int
    seconds: float
    block_seconds: float = 0.0


API_QUOTA: Final = Quota(1200, 300.0, 300.0)
"""Of all requests with one token."""
RESTORE_QUOTA: Final = Quota(10, 600.0)
"""Of restores of one database (Cloudflare's page on D1's limits)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Where one request stands.

    Attributes:
        refused: whether it was one too many.
        remaining: how many more are allowed.
        reset_seconds: until a new window starts, rounded up.
    """

    refused: bool
    remaining: int
    reset_seconds: int


@dataclass(frozen=True, slots=True)
class _Window:
    """Requests so far, and when the window, or the block, is over."""

    used: int
    end: float
    blocked: bool


class Meter:
    """Counts, for each key by itself. Safe for threads.

    Args:
        clock: seconds, from any start.
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
