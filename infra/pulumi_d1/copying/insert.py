"""Rows as INSERT statements that D1 accepts: as many rows in each as fit, and long values piece by piece. Pure.

A value that is too long for a statement is assembled in a temporary table and inserted into its row at once, so
constraints never see a part of it. The table is dropped at the end of the script, which is one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.copying.literal import LargeValue, hex_digits
from pulumi_d1.copying.page import copied_columns
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_d1.copying.page import CopiedRow
    from pulumi_d1.sqlite.storage import Storage

_MAX_BYTES: Final = MAX_STATEMENT_BYTES - 1_000
_MAX_VALUES: Final = 2_000
"""Values in one statement. SQLite compiles each to a few operations, of which D1 allows 25,000."""

_STAGED_BYTES: Final = 100
"""Upper bound for the SQL that selects a staged value."""


def insert_statements(storage: Storage, rows: Iterable[CopiedRow], pieces: str) -> Iterator[str]:
    """Yield the statements that insert the rows of a table.

    Args:
        rows: Its rows, in order.
        pieces: The name of a table that `create_pieces_table` created.
    """
    columns = copied_columns(storage)
    head = f"INSERT INTO {quoted(storage.table)} ({', '.join(columns)}) VALUES "
    room = _MAX_BYTES - len(head.encode())
    batch: list[str] = []
    size = 0
    for row in rows:
        staged = _too_long(row.cells, room)
        values = f"({', '.join(_value(cell, place, staged, pieces) for place, cell in enumerate(row.cells))})"
        full = size + len(values) > room or (len(batch) + 1) * len(columns) > _MAX_VALUES
        if batch and (full or staged):
            yield f"{head}{', '.join(batch)};"
            batch, size = [], 0
        if staged:
            for place in staged:
                yield from _assemble(row, place, pieces)
            yield f"{head}{values};"
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


def _too_long(cells: Sequence[str | LargeValue], room: int) -> tuple[int, ...]:
    """Return the indexes of the values to stage: large ones, and the longest until the others fit together."""
    places = [place for place, cell in enumerate(cells) if isinstance(cell, LargeValue)]
    by_length = sorted(((len(cell), place) for place, cell in enumerate(cells) if isinstance(cell, str)), reverse=True)
    size = sum(length + len(", ") for length, _ in by_length) + _STAGED_BYTES * len(places)
    for length, place in by_length:
        if size <= room:
            break
        places.append(place)
        size += _STAGED_BYTES - length
    return tuple(sorted(places))


def _value(cell: str | LargeValue, place: int, staged: tuple[int, ...], pieces: str) -> str:
    if place not in staged:
        return str(cell)
    value = f"(SELECT value FROM {quoted(pieces)} WHERE place = {place})"
    is_text = cell.is_text if isinstance(cell, LargeValue) else (hex_digits(cell) or ("", True))[1]
    return value if is_text else f"CAST({value} AS BLOB)"


def _assemble(row: CopiedRow, place: int, pieces: str) -> Iterator[str]:
    cell = row.cells[place]
    table, max_digits = quoted(pieces), _MAX_BYTES - 200
    parts = row.pieces(cell) if isinstance(cell, LargeValue) else iter([(hex_digits(cell) or ("", True))[0]])
    yield f"INSERT INTO {table} VALUES ({place}, '');"
    for part in parts:
        for start in range(0, len(part), max_digits):
            piece = f"CAST(X'{part[start : start + max_digits]}' AS TEXT)"
            yield f"UPDATE {table} SET value = value || {piece} WHERE place = {place};"
