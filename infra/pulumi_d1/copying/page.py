"""Reads the rows of a table page by page, each page bounded in bytes by the database itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.copying.literal import SEPARATOR, Large, cells, joined, total, written
from pulumi_d1.errors import ConfigError
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.sqlite.storage import Storage

PAGE_ROWS: Final = 5_000
PAGE_BYTES: Final = 1_000_000
"""Of values in one answer; as hexadecimal digits they take twice that."""

_ROW_BYTES: Final = 800_000
"""Of values in one row: its digits are one text, which may have 2,000,000 bytes on D1."""

_PIECE_BYTES: Final = 500_000
"""Of a value that is longer than its share of a row, in one answer."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        cells: a literal for each value, or what tells that it is large.
        pieces: hexadecimal digits of a large value, in order, one request for each piece.
    """

    cells: tuple[str | Large, ...]
    pieces: Callable[[Large], Iterator[str]]


def columns(storage: Storage) -> tuple[str, ...]:
    """SQL of the columns that are read and written: with the rowid, where nothing else shows it."""
    named = tuple(quoted(name) for name in storage.columns)
    return (storage.rowid, *named) if storage.rowid else named


def rows(database: Database, storage: Storage) -> Iterator[Row]:
    """Every row of a table, by its key.

    Args:
        database: where it is.
        storage: of the table.

    Raises:
        ConfigError: nothing tells its rows apart.
        ApiError: it can't be read.
    """
    if not storage.key:
        raise ConfigError(
            f"the table {storage.table} has columns that hide rowid, _rowid_ and oid, so its rows can't be read in "
            "order: rename one of these columns"
        )
    after = ""
    while True:
        page = database.read(select(storage, after))
        for row in page:
            yield Row(cells(str(row["cells"])), _pieces(database, storage, _key(row)))
        if len(page) < PAGE_ROWS and sum(int(row["size"]) for row in page) < PAGE_BYTES:
            return  # one more row would have had its place
        after = f" WHERE ({', '.join(storage.key)}) > ({_key(page[-1])})"


def select(storage: Storage, after: str) -> str:
    """One statement that reads a page: rows until they are PAGE_BYTES together, and one at least.

    Args:
        storage: of the table.
        after: a WHERE clause that leaves out the pages before; empty for the first.
    """
    values, table, order = columns(storage), quoted(storage.table), ", ".join(storage.key)
    most = _ROW_BYTES // len(values)
    size = total([f"ifnull(min(octet_length({value}), {most}), 4)" for value in values])
    keys = ", ".join(f"{key} AS k{number}" for number, key in enumerate(storage.key))
    by_number = ", ".join(f"k{number}" for number in range(len(storage.key)))
    sized = f"SELECT {keys}, {size} AS size FROM {table}{after} ORDER BY {order} LIMIT {PAGE_ROWS}"
    before = f"SELECT sum(size) OVER (ORDER BY {by_number} ROWS UNBOUNDED PRECEDING) - size AS before FROM ({sized})"
    many = f"SELECT count(*) FROM ({before}) WHERE before < {PAGE_BYTES}"
    place = joined([written(key.removesuffix(" COLLATE BINARY")) for key in storage.key])
    read = joined([written(value, most) for value in values])
    told = f"{place} AS place, {read} AS cells, {size} AS size"
    return f"SELECT {told} FROM {table}{after} ORDER BY {order} LIMIT ({many})"


def _key(row: Mapping[str, Any]) -> str:
    return ", ".join(str(row["place"]).split(SEPARATOR))


def _pieces(database: Database, storage: Storage, key: str) -> Callable[[Large], Iterator[str]]:
    def read(large: Large) -> Iterator[str]:
        value = columns(storage)[large.column]
        where = f"({', '.join(storage.key)}) = ({key})"
        for start in range(1, large.size + 1, _PIECE_BYTES):
            piece = f"hex(substr(CAST({value} AS BLOB), {start}, {_PIECE_BYTES}))"
            sql = f"SELECT {piece} AS piece FROM {quoted(storage.table)} WHERE {where}"
            yield from (str(row["piece"]) for row in database.read(sql))

    return read
