"""Text of other programs, made safe to print. Pure."""

from __future__ import annotations

from typing import Final

MOST_CHARACTERS: Final = 500
"""Longest text in a message. D1's own errors have less than 200 characters."""


def one_line(text: str) -> str:
    """Return a text on one line, without control characters, and cut if it is long."""
    line = " ".join(text[: MOST_CHARACTERS * 4].split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}…"
