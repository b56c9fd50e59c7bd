"""Strings and keys as TOML writes them. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def quoted(value: str) -> str:
    """`value` as a TOML string; JSON's escapes are TOML's, but for DEL, which JSON leaves alone."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def dotted(path: Sequence[str]) -> str:
    """`path` as a TOML key."""
    return ".".join(part if _BARE_KEY.fullmatch(part) else quoted(part) for part in path)
