"""Strings and keys as configurations write them. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def quoted(value: str) -> str:
    """`value` as a string of TOML and of JSON; DEL is escaped as well, which JSON would leave alone."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def dotted(path: Sequence[str]) -> str:
    """`path` as a TOML key."""
    return ".".join(part if _BARE_KEY.fullmatch(part) else quoted(part) for part in path)
