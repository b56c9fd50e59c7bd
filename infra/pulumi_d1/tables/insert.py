"""Rows as INSERT statements that D1 accepts: as many rows in each as fit, and long values piece by piece. Pure.

A value that is too long for a statement is assembled in a helper table and inserted into its row at once, so
constraints never see a part of it. The script's last statement drops the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted
from pulumi_d1.tables.literal import SEPARATOR, hex_digits
from pulumi_d1.tables.reader import MAX_COLUMNS, copied_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_d1.sqlite.storage import Storage

_MAX_BYTES: Final = MAX_STATEMENT_BYTES - 1_000
_MAX_VALUES: Final = 2_000
"""Values in one statement. SQLite compiles each to a few operations, of which D1 allows 25,000."""

_STAGED_BYTES: Final = 100
"""Upper bound for the SQL that selects a staged value."""


def insert_statements(storage: Storage, rows: Iterable[str], pieces: str, verb: str = "INSERT") -> Iterator[str]:
    """Yield the statements that insert rows of a table.

    Args:
        rows: The literals of each row, as `join_sql` writes them.
        pieces: The name of a table that `create_pieces_table` created.
        verb: INSERT, or INSERT OR IGNORE to leave out what the table refuses.
    """
    columns = copied_columns(storage)
    head = f"{verb} INTO {quoted(storage.table)} ({', '.join(columns)}) VALUES "
    room = _MAX_BYTES - len(head.encode())
    most_rows = _MAX_VALUES // len(columns) if len(columns) <= MAX_COLUMNS else 1
    batch: list[str] = []
    size = 0
    for row in rows:
        values = f"({row.replace(SEPARATOR, ', ')})"
        staged = _too_long(row.split(SEPARATOR), room) if len(values) > room else ()
        full = size + len(values) > room or len(batch) >= most_rows
        if batch and (full or staged):
            yield f"{head}{', '.join(batch)};"
            batch, size = [], 0
        if staged:
            cells = row.split(SEPARATOR)
            for place in staged:
                yield from _assemble(cells[place], place, pieces)
            values = ", ".join(_value(cell, place, staged, pieces) for place, cell in enumerate(cells))
            yield f"{head}({values});"
            yield f"DELETE FROM {quoted(pieces)};"
        else:
            batch.append(values)
            size += len(values) + len(", ")
    if batch:
        yield f"{head}{', '.join(batch)};"


def pieces_table_name(taken: Iterable[str]) -> str:
    """Return a name for the table of pieces that nothing else in the database has."""
    names = {fold(name) for name in taken}
    return next(name for number in range(len(names) + 1) if (name := f"copied_pieces_{number}") not in names)


def create_pieces_table(name: str) -> str:
    """Return the statement that creates the table of pieces. Its column has no type, so nothing is converted."""
    return f"CREATE TABLE {quoted(name)} (place INTEGER PRIMARY KEY, value);"


def _too_long(cells: Sequence[str], room: int) -> tuple[int, ...]:
    """Return the indexes of the values to stage: the longest, until the others fit together."""
    places = []
    size = sum(len(cell) + len(", ") for cell in cells)
    for length, place in sorted(((len(cell), place) for place, cell in enumerate(cells)), reverse=True):
        if size <= room:
            break
        places.append(place)
        size += _STAGED_BYTES - length
    return tuple(sorted(places))


def _value(cell: str, place: int, staged: tuple[int, ...], pieces: str) -> str:
    if place not in staged:
        return cell
    value = f"(SELECT value FROM {quoted(pieces)} WHERE place = {place})"
    return value if _digits(cell)[1] else f"CAST({value} AS BLOB)"


def _assemble(cell: str, place: int, pieces: str) -> Iterator[str]:
    table, max_digits = quoted(pieces), _MAX_BYTES - 200
    digits, _ = _digits(cell)
    yield f"INSERT INTO {table} VALUES ({place}, '');"
    for start in range(0, len(digits), max_digits):
        piece = f"CAST(X'{digits[start : start + max_digits]}' AS TEXT)"
        yield f"UPDATE {table} SET value = value || {piece} WHERE place = {place};"


def _digits(cell: str) -> tuple[str, bool]:
    """Return the hexadecimal digits of a long literal, and whether it is text. Numbers are never so long."""
    return hex_digits(cell) or ("", True)
