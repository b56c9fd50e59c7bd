"""The rate of requests: Cloudflare's limit, and the door that delays them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol


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


class Pace(Protocol):
    """Delays requests to keep to a rate, and all of them after a refusal. Safe for threads."""

    def wait_for_turn(self) -> None:
        """Wait until a request may be sent, and count it."""

    def block(self, retry_after: float | None) -> None:
        """Delay all requests by so many seconds; None if Cloudflare gave no duration."""
