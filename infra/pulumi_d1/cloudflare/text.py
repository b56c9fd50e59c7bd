"""Text of other programs, made safe to print. Pure."""

from __future__ import annotations

from typing import Final

from pulumi_d1.escaping import escape_line

MOST_CHARACTERS: Final = 500
"""Longest text in a message. D1's own errors have less than 200 characters."""


def one_line(text: str) -> str:
    """Return a text on one line, without control characters, and cut if it is long."""
    line = escape_line(" ".join(text[: MOST_CHARACTERS * 4].split()))
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}…"
