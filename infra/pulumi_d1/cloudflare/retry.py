"""Pauses and repeated requests: for reads, and for requests that Cloudflare refuses to run now.

The official client would send a POST twice, which a migration must never be. It also gives up if Retry-After is above
60 s, while Cloudflare blocks for 300 s.
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from pulumi_d1.errors import (
    ApiError,
    DailyLimitReached,
    NoConnection,
    OutcomeUnknown,
    Overloaded,
    ResultTooLarge,
    TryLater,
)

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

T = TypeVar("T")

ATTEMPTS: Final = 6
"""Requests without an answer or a connection, the first included. With their pauses they take about 15 s, enough for a
connection to recover or a database to move. A longer outage is an error."""

BUDGET_SECONDS: Final = 660
"""Longest wait of one call: two blocks of Cloudflare's rate limit, which last 300 s each, and a minute. The second
block is for other users of the token, who may use up the quota again."""

LATER_SECONDS: Final = 5
"""Pause if Cloudflare refuses a request without a Retry-After."""

OVERLOADED_SECONDS: Final = 60
"""Longest pause between requests to an overloaded database, for which more requests are the problem."""

SILENT_SECONDS: Final = 2
"""Longest wait that is not logged."""

TEMPORARY: Final = (NoConnection, OutcomeUnknown, TryLater)
"""Errors after which a read is worth another attempt."""

_FIRST_PAUSE: Final = 0.5  # seconds; doubled after each attempt
_LINE_SECONDS: Final = 30  # between two lines of a countdown


@dataclass(frozen=True, slots=True)
class Retry:
    """The policy for repeated requests. A test passes a `sleep` that returns at once.

    Attributes:
        sleep: The function that waits for a number of seconds.
        jitter: Returns a number from 0 to 1, so that clients that failed together do not retry together.
        patience: Longest wait of one call, in seconds; 0 for a single attempt.
        logs_waits: False if a Pace logs them, once for all threads.
    """

    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    patience: float = BUDGET_SECONDS
    logs_waits: bool = True

    def call(self, request: Callable[[], T], on: tuple[type[ApiError], ...] = TEMPORARY) -> T:
        """Return the result of `request`, called again after each error in `on` until the patience ends.

        A result that is too large is not requested again.

        Raises:
            ApiError: The last error, or the first that is not in `on`.
        """
        unanswered, overloaded, waited = 0, 0, 0.0
        while True:
            try:
                return request()
            except on as error:
                unanswered += isinstance(error, (OutcomeUnknown, NoConnection))
                overloaded += isinstance(error, Overloaded)
                pause = self._pause(error, unanswered, overloaded)
                waited += pause
                if unanswered >= ATTEMPTS or waited > self.patience or isinstance(error, ResultTooLarge):
                    raise
                self._wait(pause, _reason(error, pause))

    def _pause(self, error: ApiError, unanswered: int, overloaded: int) -> float:
        if error.retry_after is not None:
            return max(error.retry_after, 1.0)
        if isinstance(error, Overloaded):
            return self._spread(min(LATER_SECONDS * 2.0 ** (overloaded - 1), OVERLOADED_SECONDS))
        if isinstance(error, TryLater):
            return LATER_SECONDS
        return self._spread(_FIRST_PAUSE * 2.0 ** (unanswered - 1))

    def _spread(self, longest: float) -> float:
        """Return a pause from half of the longest to the longest."""
        return longest * (1 + self.jitter()) / 2

    def _wait(self, seconds: float, reason: str) -> None:
        left = seconds
        while left > 0:
            if self.logs_waits and seconds >= SILENT_SECONDS:
                logger.info(reason if left == seconds else f"{reason}; {left:.0f} s left")
            step = min(left, _LINE_SECONDS)
            self.sleep(step)
            left -= step


def _reason(error: ApiError, pause: float) -> str:
    if error.retry_after is not None and not isinstance(error, DailyLimitReached):
        return f"Cloudflare requested a wait of {pause:.0f} s (HTTP {error.status})"
    return f"{error}; retrying in {pause:.0f} s"
