"""Line ends, positions, quoted strings and keys in a configuration's text. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

TOO_DEEP: Final = "is nested too deeply to be read"

_DEEPEST: Final = 100  # wrangler's own keys have less than 10 levels

_BLANKS = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def line_end(text: str) -> str:
    """Return the line end of the first line."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def indent_at(text: str, at: int) -> str:
    """Return the blanks at the start of the line that contains offset `at`."""
    blanks = _BLANKS.match(text, text.rfind("\n", 0, at) + 1)
    assert blanks is not None  # noqa: S101 - the pattern also matches nothing
    return blanks.group()


def position(text: str, at: int) -> str:
    """Return the line and column of offset `at`, both counted from 1."""
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"


def quoted(value: str) -> str:
    """Return `value` as a string of both TOML and JSON. Only TOML needs DEL escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def dotted(keys: Sequence[str]) -> str:
    """Return `keys` as a dotted TOML key."""
    return ".".join(key if _BARE_KEY.fullmatch(key) else quoted(key) for key in keys)


def check_depth(content: Any) -> None:
    """Refuse values that are nested so deeply that copying or comparing them could fail.

    Raises:
        ConfigError: They are.
    """
    level = [content]
    for _ in range(_DEEPEST):
        level = [
            item
            for value in level
            if isinstance(value, dict | list)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ConfigError(TOO_DEEP)
