"""Text of the user's inside of Markdown that we write. Pure.

All of it goes into code, and nothing else: inside of code GitHub reads no markup, no HTML, no @mention and no #123, and
a backslash would stop the first two only.
"""

from __future__ import annotations

import re
from typing import Final

_BACKTICKS: Final = re.compile(r"`+")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters, line ends, and what turns the direction of the text around."""

LENGTH: Final = 500
"""Characters of one text that are shown: a name may have 100,000."""


def plain(text: str) -> str:
    """One line of at most LENGTH characters, each of which can be seen."""
    shown = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"\s*[\r\n\t]\s*", " ", text.strip()))
    return shown if len(shown) <= LENGTH else f"{shown[: LENGTH - 1]}\N{HORIZONTAL ELLIPSIS}"


def code(text: str) -> str:
    """A code span of one line."""
    shown = plain(text) or " "
    ticks = "`" * (_longest(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def cell(text: str) -> str:
    """A code span inside of a table, which takes a bar for the end of the cell even in code."""
    return code(text).replace("|", r"\|")


def fenced(lines: list[str], language: str) -> str:
    """A block of code with a line for each text."""
    shown = [plain(line) for line in lines]
    fence = "`" * max(3, 1 + max(map(_longest, shown), default=0))
    return "\n".join((f"{fence}{language}", *shown, fence))


def _longest(text: str) -> int:
    """Backticks in the longest run of them."""
    return max((len(found) for found in _BACKTICKS.findall(text)), default=0)
