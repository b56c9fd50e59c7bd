"""Rows as INSERT statements that D1 takes: as many rows in each as fit, and long values piece by piece. Pure.

A value that is too long for a statement is put together in a table of its own, and goes from there into its row at
once: constraints never see a part of it. That table is gone when the script ends, which is one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.copying.literal import Large, digits
from pulumi_d1.copying.page import columns
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_d1.copying.page import Row
    from pulumi_d1.sqlite.storage import Storage

_ROOM: Final = MAX_STATEMENT_BYTES - 1_000
_MOST_VALUES: Final = 2_000
"""In one statement: SQLite compiles each value to a few operations, of which D1 allows 25,000."""


def inserts(storage: Storage, rows: Iterable[Row], pieces: str) -> Iterator[str]:
    """Statements that insert the rows.

    Args:
        storage: of the table.
        rows: of it, in order.
        pieces: name of a table that `pieces_table` made.
    """
    named = columns(storage)
    head = f"INSERT INTO {quoted(storage.table)} ({', '.join(named)}) VALUES "
    room = _ROOM - len(head.encode())
    waiting: list[str] = []
    size = 0
    for row in rows:
        staged = _too_long(row.cells, room)
        values = f"({', '.join(_value(cell, place, staged, pieces) for place, cell in enumerate(row.cells))})"
        full = size + len(values) > room or (len(waiting) + 1) * len(named) > _MOST_VALUES
        if waiting and (full or staged):
            yield f"{head}{', '.join(waiting)};"
            waiting, size = [], 0
        if staged:
            for place in staged:
                yield from _assembled(row, place, pieces)
            yield f"{head}{values};"
            yield f"DELETE FROM {quoted(pieces)};"
        else:
            waiting.append(values)
            size += len(values) + len(", ")
    if waiting:
        yield f"{head}{', '.join(waiting)};"


def pieces_table(taken: Iterable[str]) -> str:
    """A name for the table of the pieces that nothing else in the database has."""
    names = {name.lower() for name in taken}
    return next(name for number in range(len(names) + 1) if (name := f"copied_pieces_{number}") not in names)


def create_pieces(name: str) -> str:
    """Makes the table of the pieces; its column has no type, so nothing is converted."""
    return f"CREATE TABLE {quoted(name)} (place INTEGER PRIMARY KEY, value);"


def _too_long(cells: Sequence[str | Large], room: int) -> tuple[int, ...]:
    """Places of the values that go piece by piece: large ones, and the longest until the others fit together."""
    places = [place for place, cell in enumerate(cells) if isinstance(cell, Large)]
    by_length = sorted(((len(cell), place) for place, cell in enumerate(cells) if isinstance(cell, str)), reverse=True)
    size = sum(length + len(", ") for length, _ in by_length) + 100 * len(places)
    for length, place in by_length:
        if size <= room:
            break
        places.append(place)
        size += 100 - length
    return tuple(sorted(places))


def _value(cell: str | Large, place: int, staged: tuple[int, ...], pieces: str) -> str:
    if place not in staged:
        return str(cell)
    value = f"(SELECT value FROM {quoted(pieces)} WHERE place = {place})"
    is_text = cell.is_text if isinstance(cell, Large) else (digits(cell) or ("", True))[1]
    return value if is_text else f"CAST({value} AS BLOB)"


def _assembled(row: Row, place: int, pieces: str) -> Iterator[str]:
    cell = row.cells[place]
    table, most = quoted(pieces), _ROOM - 200
    parts = row.pieces(cell) if isinstance(cell, Large) else iter([(digits(cell) or ("", True))[0]])
    yield f"INSERT INTO {table} VALUES ({place}, '');"
    for part in parts:
        for start in range(0, len(part), most):
            piece = f"CAST(X'{part[start : start + most]}' AS TEXT)"
            yield f"UPDATE {table} SET value = value || {piece} WHERE place = {place};"
