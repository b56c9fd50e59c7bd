"""User text inside of our Markdown. Pure.

All of it becomes code: inside of code GitHub reads no markup, no HTML, no @mention and no #123. A backslash would stop
only the first two.
"""

from __future__ import annotations

import re
from typing import Final

from pulumi_d1.escaping import escape_line

_BACKTICKS: Final = re.compile(r"`+")

LENGTH: Final = 500
"""Most characters that are shown of one text. A name may have 100,000."""


def visible(text: str) -> str:
    """Return one line of visible characters."""
    return escape_line(re.sub(r"\s*[\r\n\t]\s*", " ", text.strip()))


def plain(text: str) -> str:
    """Return one line of at most LENGTH visible characters."""
    shown = visible(text)
    return shown if len(shown) <= LENGTH else f"{shown[: LENGTH - 1]}\N{HORIZONTAL ELLIPSIS}"


def code(text: str) -> str:
    """Return a code span of one line."""
    shown = plain(text) or " "
    ticks = "`" * (_longest(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def cell(text: str) -> str:
    """Return a code span for a table, in which a bar ends the cell even inside of code."""
    return code(text).replace("|", r"\|")


def fenced(lines: list[str], language: str) -> str:
    """Return a code block with one line for each text."""
    shown = [plain(line) for line in lines]
    fence = "`" * max(3, 1 + max(map(_longest, shown), default=0))
    return "\n".join((f"{fence}{language}", *shown, fence))


def _longest(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, _BACKTICKS.findall(text)), default=0)
