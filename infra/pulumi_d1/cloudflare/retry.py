"""Waiting, and asking again: for reads, and for what Cloudflare refuses to run just now. No answer is trusted blindly.

The official client would send a POST twice, which a migration must never be, and gives up on a Retry-After above 60 s,
where Cloudflare blocks for 300.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from pulumi_d1.errors import ApiError, OutcomeUnknown, TryLater

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ATTEMPTS: Final = 6
"""Requests without an answer, the first included: with the pauses between them about 15 s, in which a connection or a
database that was moved comes back. A longer outage is told to the user, not waited for."""

BUDGET_SECONDS: Final = 660
"""Longest wait in all: two blocks of Cloudflare's rate limit, which last 300 s each, and a minute. The second block is
for the token's other users, who may use up the quota again."""

LATER_SECONDS: Final = 5
"""Pause where Cloudflare says "later", and not when."""

_FIRST_PAUSE: Final = 0.5  # doubled after each attempt
_LINE_SECONDS: Final = 30  # between two lines of a countdown
_SILENT_SECONDS: Final = 2  # shorter waits need no line


@dataclass(frozen=True, slots=True)
class Retry:
    """How to wait. A test passes a sleep that does not.

    Attributes:
        say: is told of each longer wait, about every 30 s.
        sleep: waits so many seconds.
        jitter: a number from 0 to 1, so that clients that failed together do not come back together.
        patience: seconds that all waits of one call may take; with 0, it is asked once.
    """

    say: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    patience: float = BUDGET_SECONDS

    def call(self, ask: Callable[[], T], on: tuple[type[ApiError], ...] = (OutcomeUnknown, TryLater)) -> T:
        """Result of `ask`, called again after each error that is one of `on`, until patience ends.

        Raises:
            ApiError: the last error, or the first that is none of `on`.
        """
        unanswered, waited = 0, 0.0
        while True:
            try:
                return ask()
            except on as error:
                unanswered += isinstance(error, OutcomeUnknown)
                pause = self._pause(error, unanswered)
                waited += pause
                if unanswered >= ATTEMPTS or waited > self.patience:
                    raise
                self._count_down(pause, _reason(error, pause))

    def _pause(self, error: ApiError, unanswered: int) -> float:
        if error.retry_after is not None:
            return max(error.retry_after, 1.0)
        if isinstance(error, TryLater):
            return LATER_SECONDS
        longest: float = _FIRST_PAUSE * 2 ** (unanswered - 1)
        return longest * (1 + self.jitter()) / 2

    def _count_down(self, seconds: float, reason: str) -> None:
        left = seconds
        while left > 0:
            if seconds >= _SILENT_SECONDS:
                self.say(reason if left == seconds else f"{reason}; {left:.0f} s left")
            step = min(left, _LINE_SECONDS)
            self.sleep(step)
            left -= step


def _reason(error: ApiError, pause: float) -> str:
    if error.retry_after is not None:
        return f"Cloudflare asks to wait {pause:.0f} s (HTTP {error.status})"
    return f"{error}; asking again in {pause:.0f} s"
