"""Lines of a text that is edited in place. Pure."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[ \t]*")


def line_end(text: str) -> str:
    """The line end of `text`: that of its first line."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def indent_at(text: str, at: int) -> str:
    """The blanks at the front of the line of `at`."""
    found = _BLANKS.match(text, text.rfind("\n", 0, at) + 1)
    assert found is not None  # noqa: S101 - no blanks match too
    return found.group()


def position(text: str, at: int) -> str:
    """Line and column of `at`, both from 1."""
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"
