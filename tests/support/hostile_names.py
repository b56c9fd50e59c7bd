"""Names that attack whoever prints them, and the check that an output does not contain what they carry."""

from __future__ import annotations

import re
from typing import Final

HOSTILE_NAMES: Final = (
    "red\x1b[31m\x1b]0;title\x07",
    "eight\x9b31m",
    "turned\u202eeman\u2066",
    "line\n::error::forged",
    "return\r::warning::forged",
    "separator\u2028::notice::forged\x85::debug::forged",
    "::add-mask::name",
    "old ##[error]forged ##vso[task.complete]forged",
    "null\n0 errors, 0 warnings",
)

_CONTROL: Final = re.compile(
    "[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]"
)
_COMMAND: Final = re.compile(r"^\s*::|##(?:vso|teamcity)?\[")


def commands_in(output: str) -> list[str]:
    """Return the lines that a CI system obeys: GitHub, Azure or TeamCity."""
    return [line for line in output.split("\n") if _COMMAND.search(line)]


def faults_of(output: str) -> list[str]:
    """Return the lines that a terminal or a CI system obeys, and those that a name has forged."""
    forged = [line for line in output.split("\n") if line.startswith(("0 errors, 0 warnings", "forged"))]
    return [line for line in output.split("\n") if _CONTROL.search(line)] + commands_in(output) + forged
