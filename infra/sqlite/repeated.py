"""Rows of a bulk load: INSERTs that differ in their values alone, of which the first and the last tell everything."""

from __future__ import annotations

import re
from typing import Final

_ROWS: Final = re.compile(r"(?:insert|replace)\b[^';]*?\bvalues\b", re.IGNORECASE)


def head(sql: str) -> str:
    """What an INSERT says before its rows; empty where it is something else, or holds what may be a comment."""
    found = _ROWS.match(sql)
    return found[0] if found and "--" not in sql and "/*" not in sql else ""
