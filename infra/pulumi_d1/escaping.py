"""Text of databases and files, made safe for a terminal and for the log of a CI system. Pure.

Two places escape. A name is escaped where it becomes part of a line, so that its line breaks cannot forge lines. All
output is escaped once more where it leaves the program, so that nothing that was missed reaches a terminal. Escaping
twice changes nothing, and JSON without other characters than ASCII stays JSON of the same value.
"""

from __future__ import annotations

import re
from typing import Final

_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_BREAKS: Final = re.compile(r"([\n\t])")
"""Ends of lines, and the tabs that indent SQL: an output keeps them."""

_COMMANDS: Final = re.compile(r"^(?P<space>[^\S\n]*):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))", re.MULTILINE)
"""Commands of CI systems. GitHub ignores space before `::`, and reads `##[` anywhere in a line, as Azure does `##vso[`.

https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
"""


def escape_line(text: str) -> str:
    """Return a text as one line: each line break and each invisible character is written as an escape."""
    return text if text.isprintable() else "".join(map(_escape, text))


def escape_lines(text: str) -> str:
    """Return lines to print: as `escape_line`, but line feeds and tabs stay. No line is a command of a CI system."""
    lines = "".join(part if part in "\n\t" else escape_line(part) for part in _BREAKS.split(text))
    return _COMMANDS.sub(lambda match: f"{match['space'] or ''}\\u{ord(match[0][-1]):04x}", lines)


def has_command(text: str) -> bool:
    """Return whether a text contains a command of a CI system."""
    return _COMMANDS.search(text) is not None


def _escape(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return _SHORT.get(character) or (f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")  # noqa: PLR2004 - as Python
