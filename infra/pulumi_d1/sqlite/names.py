"""Names of tables, columns and other objects, compared as SQLite compares them. Pure."""

from __future__ import annotations

import string
from typing import Final

_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def fold(name: str) -> str:
    """Return a name in the spelling under which SQLite compares names: ASCII letters in lower case.

    No other letter is changed: `"Ä"` and `"ä"` are two tables.
    """
    return name.lower() if name.isascii() else name.translate(_LOWER)


def is_reserved_name(name: str | None) -> bool:
    """Return whether a name starts with `_cf_`, in any case: D1 keeps those for its own tables."""
    return fold(name or "").startswith("_cf_")


def is_internal_name(name: str) -> bool:
    """Return whether a name belongs to D1 or to SQLite: it starts with `_cf_` or `sqlite_`, in any case."""
    return is_reserved_name(name) or fold(name).startswith("sqlite_")
