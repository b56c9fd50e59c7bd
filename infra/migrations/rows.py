"""How many live rows the pending migrations concern: what to count, and the one request that counts it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """A number to ask for.

    Attributes:
        table: whose rows to count.
        filled: columns that must all hold a value; empty to count every row.
    """

    table: str
    filled: tuple[str, ...] = ()
