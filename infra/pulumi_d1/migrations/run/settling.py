"""Wait for a request whose response was lost: it may still take effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTLE_SECONDS: Final = (1, 2, 4, 8, 15)
"""Pauses between reads of the database after a response was lost: 30 s in total, D1's limit for a query."""


def settle_attempts(sleep: Callable[[float], None]) -> Iterator[int]:
    """Yield the number of each read of the database: 0 at once, and one more after each of SETTLE_SECONDS."""
    yield 0
    for number, pause in enumerate(SETTLE_SECONDS, 1):
        sleep(pause)
        yield number
