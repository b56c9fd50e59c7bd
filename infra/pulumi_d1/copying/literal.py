"""Values as SQL literals that the database itself writes: JSON would lose large integers, blobs and NULs. Pure.

What a literal may hold is printable ASCII, so it passes through JSON, a file and a statement as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEPARATOR: Final = "\n"
"""Between the literals of a row: no literal holds one."""

_ARGUMENTS: Final = 25
"""Of one function; Cloudflare documents 32."""


@dataclass(frozen=True, slots=True)
class Large:
    """A value that is read in pieces.

    Attributes:
        column: 0-based place in the row.
        is_text: text; otherwise a blob.
        size: in bytes.
    """

    column: int
    is_text: bool
    size: int


def written(value: str, most: int | None = None) -> str:
    """SQL that writes `value` as a literal, or as a mark where it is longer than `most` bytes.

    quote() ends a text at its first NUL, and bytes that are no UTF-8 would not come through JSON: such text goes as
    hexadecimal digits. length() stops at a NUL too, and GLOB finds everything that is not printable ASCII.
    """
    mark = {
        kind: f"WHEN octet_length({value}) > {most} THEN '{kind}' || octet_length({value}) " if most is not None else ""
        for kind in ("T", "B")
    }
    plain = f"length({value}) = octet_length({value}) AND {value} NOT GLOB '*[^ -~]*'"
    text = f"CASE {mark['T']}WHEN {plain} THEN quote({value}) ELSE 'CAST(X''' || hex({value}) || ''' AS TEXT)' END"
    blob = f"CASE {mark['B']}ELSE quote({value}) END" if most is not None else f"quote({value})"
    return f"CASE typeof({value}) WHEN 'text' THEN {text} WHEN 'blob' THEN {blob} ELSE quote({value}) END"


def joined(literals: Sequence[str]) -> str:
    """SQL that writes several literals as one text, in groups, because a function has only so many arguments."""
    return _grouped(literals, lambda group: f"concat_ws(char({ord(SEPARATOR)}), {', '.join(group)})")


def total(sizes: Sequence[str]) -> str:
    """SQL of a sum, in groups, because an expression has only so much depth."""
    return _grouped(sizes, lambda group: f"({' + '.join(group)})")


def _grouped(parts: Sequence[str], combine: Callable[[Sequence[str]], str]) -> str:
    while len(parts) > 1:
        parts = [combine(parts[place : place + _ARGUMENTS]) for place in range(0, len(parts), _ARGUMENTS)]
    return parts[0]


def cells(text: str) -> tuple[str | Large, ...]:
    """The values of a row, from the text that `joined` gave."""
    return tuple(
        Large(column, cell[0] == "T", int(cell[1:])) if cell[:1] in {"T", "B"} else cell
        for column, cell in enumerate(text.split(SEPARATOR))
    )


def digits(literal: str) -> tuple[str, bool] | None:
    """Hexadecimal digits of a text or a blob, and whether it is text; None for a number and NULL."""
    if literal.startswith("X'"):
        return literal[2:-1], False
    if literal.startswith("CAST("):
        return literal[len("CAST(X'") : -len("' AS TEXT)")], True
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'").encode().hex(), True
    return None
