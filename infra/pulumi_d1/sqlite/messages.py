"""Errors of SQLite and D1 without values of rows. Pure.

SQLite quotes values in a few errors: of JSON paths, of full-text queries, and of RAISE in a trigger, which may contain
any text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_TRIGGER: Final = re.compile(r"(.*)(: SQLITE_CONSTRAINT \(extended: SQLITE_CONSTRAINT_TRIGGER\).*)", re.DOTALL)
_ENDS_IN_VALUE: Final = re.compile(
    r"(.*?\b(?:JSON path:|JSON path error near|syntax error near|integer, got|no such column:|no such function:"
    r"|special query:|rank function:|MATCH expression:) )(.*?)((?: at offset \d+)?(?:: SQLITE_\w+.*)?)",
    re.DOTALL,
)
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def hide_values(message: str, texts: Collection[str]) -> str:
    """Return an error without the parts that may be values of rows.

    Args:
        texts: SQL that is no secret: the statement or its file, and the schema.
    """
    if match := _TRIGGER.fullmatch(message):
        # SQLite checks RESTRICT in a trigger of its own.
        is_fixed = match[1].startswith("FOREIGN KEY ") or any(match[1] in text for text in texts)
        return message if is_fixed else f"a trigger refuses it{match[2]}"
    if match := _ENDS_IN_VALUE.fullmatch(message):
        return f"{_hide_quotes(match[1], texts)}{match[2] if _is_known(match[2], texts) else '…'}{match[3]}"
    return _hide_quotes(message, texts)


def _hide_quotes(message: str, texts: Collection[str]) -> str:
    return _QUOTED.sub(lambda quote: quote[0] if _is_known(quote[0], texts) else "'…'", message)


def _is_known(value: str, texts: Collection[str]) -> bool:
    """Return whether each part of a value or of a name with dots is a word of the texts."""
    parts = (rf"(?<!\w){re.escape(part)}(?!\w)" for part in value.strip("'\"").split("."))
    return all(any(re.search(part, text) for text in texts) for part in parts)
