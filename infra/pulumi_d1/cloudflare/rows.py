"""Typed values from rows. The service's rows have the columns that a query names; anything else is an error. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_d1.cloudflare.answers import is_number
from pulumi_d1.errors import OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping


def text_in(row: Mapping[str, Any], column: str) -> str:
    """Return the text in a column.

    Raises:
        OutcomeUnknown: There is no text.
    """
    value = row.get(column)
    if not isinstance(value, str):
        raise _unexpected(column, "text", value)
    return value


def number_in(row: Mapping[str, Any], column: str) -> int:
    """Return the integer in a column, which is not negative.

    Raises:
        OutcomeUnknown: There is no such integer.
    """
    value = row.get(column)
    if not is_number(value) or value < 0:
        raise _unexpected(column, "number", value)
    return value


def _unexpected(column: str, expected: str, value: Any) -> OutcomeUnknown:
    return OutcomeUnknown(f"D1 returned a row without the {expected} '{column}': it is of type {type(value).__name__}")
