"""SQL that writes values as literals, since JSON would lose large integers, blobs and NULs. Pure.

A literal contains only printable ASCII, so it passes unchanged through JSON, a file and a statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEPARATOR: Final = "\n"
"""Text between the literals of a row. No literal contains it."""

_ARGUMENTS: Final = 25
"""Arguments of one function. Cloudflare documents a limit of 32."""


@dataclass(frozen=True, slots=True)
class LargeValue:
    """A value that is read in pieces.

    Attributes:
        column: 0-based index into the row.
        is_text: True for text, false for a blob.
        size: Size in bytes.
    """

    column: int
    is_text: bool
    size: int


def literal_sql(value: str, max_bytes: int | None = None) -> str:
    """Return SQL that writes `value` as a literal, or as the mark of a LargeValue if it has more than `max_bytes`.

    Text goes as hexadecimal digits if it contains a NUL, at which quote() and length() stop, or bytes that are not
    UTF-8, which JSON cannot contain. GLOB finds everything that is not printable ASCII.
    """
    plain = f"length({value}) = octet_length({value}) AND {value} NOT GLOB '*[^ -~]*'"
    digits = f"'CAST(X''' || hex({value}) || ''' AS TEXT)'"
    literal = f"CASE WHEN typeof({value}) <> 'text' OR ({plain}) THEN quote({value}) ELSE {digits} END"
    if max_bytes is None:
        return literal
    mark = f"CASE typeof({value}) WHEN 'text' THEN 'T' ELSE 'B' END || octet_length({value})"
    is_long = f"typeof({value}) IN ('text', 'blob') AND octet_length({value}) > {max_bytes}"
    return f"CASE WHEN {is_long} THEN {mark} ELSE {literal} END"


def join_sql(literals: Sequence[str]) -> str:
    """Return SQL that writes several literals as one text, in groups, because D1 limits a function's arguments."""
    return _grouped(literals, lambda group: f"concat_ws(char({ord(SEPARATOR)}), {', '.join(group)})")


def sum_sql(sizes: Sequence[str]) -> str:
    """Return SQL for a sum, in groups, because D1 limits the depth of an expression."""
    return _grouped(sizes, lambda group: f"({' + '.join(group)})")


def _grouped(parts: Sequence[str], combine: Callable[[Sequence[str]], str]) -> str:
    while len(parts) > 1:
        parts = [combine(parts[start : start + _ARGUMENTS]) for start in range(0, len(parts), _ARGUMENTS)]
    return parts[0]


def parse_cells(text: str) -> tuple[str | LargeValue, ...]:
    """Return the values of a row from the text that `join_sql` wrote."""
    return tuple(
        LargeValue(column, cell[0] == "T", int(cell[1:])) if cell[:1] in {"T", "B"} else cell
        for column, cell in enumerate(text.split(SEPARATOR))
    )


def hex_digits(literal: str) -> tuple[str, bool] | None:
    """Return the hexadecimal digits of a text or a blob, and whether it is text; None for a number and NULL."""
    if literal.startswith("X'"):
        return literal[2:-1], False
    if literal.startswith("CAST("):
        return literal[len("CAST(X'") : -len("' AS TEXT)")], True
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'").encode().hex(), True
    return None
