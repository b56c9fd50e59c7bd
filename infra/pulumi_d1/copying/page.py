"""Read the rows of a table page by page. The database itself limits the bytes of each page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.copying.literal import SEPARATOR, LargeValue, join_sql, literal_sql, parse_cells, sum_sql
from pulumi_d1.errors import ConfigError
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.sqlite.storage import Storage

PAGE_ROWS: Final = 5_000
PAGE_BYTES: Final = 1_000_000
"""Bytes of values in one response. As hexadecimal digits they take twice that."""

_ROW_BYTES: Final = 800_000
"""Bytes of values in one row. Its digits are one text, which D1 limits to 2,000,000 bytes."""

_PIECE_BYTES: Final = 500_000
"""Bytes per request of a value that is longer than its share of a row."""


@dataclass(frozen=True, slots=True)
class CopiedRow:
    """One row of the source.

    Attributes:
        cells: A literal for each value, or the mark of a large one.
        pieces: Returns the hexadecimal digits of a large value in order, with one request for each piece.
    """

    cells: tuple[str | LargeValue, ...]
    pieces: Callable[[LargeValue], Iterator[str]]


def copied_columns(storage: Storage) -> tuple[str, ...]:
    """Return SQL for the columns to read and write. The rowid is one of them if no column is an alias of it."""
    names = tuple(quoted(name) for name in storage.columns)
    return (storage.rowid, *names) if storage.rowid else names


def read_rows(database: Database, storage: Storage) -> Iterator[CopiedRow]:
    """Yield every row of a table in the order of its key.

    Raises:
        ConfigError: The table has no key that can be named.
        ApiError: The table cannot be read.
    """
    if not storage.key:
        raise ConfigError(
            f"table {storage.table} cannot be read in order: its columns hide rowid, _rowid_ and oid. Rename one of "
            "these columns"
        )
    after = ""
    while True:
        page = database.read(page_sql(storage, after))
        for row in page:
            yield CopiedRow(parse_cells(str(row["cells"])), _piece_reader(database, storage, _key(row)))
        if len(page) < PAGE_ROWS and sum(int(row["size"]) for row in page) < PAGE_BYTES:
            return  # the page had room for another row
        after = f" WHERE ({', '.join(storage.key)}) > ({_key(page[-1])})"


def page_sql(storage: Storage, after: str) -> str:
    """Return one statement that reads a page: rows until they reach PAGE_BYTES together, and at least one.

    Args:
        after: A WHERE clause that leaves out the earlier pages; empty for the first page.
    """
    values, table, order = copied_columns(storage), quoted(storage.table), ", ".join(storage.key)
    max_bytes = _ROW_BYTES // len(values)
    size = sum_sql([f"ifnull(min(octet_length({value}), {max_bytes}), 4)" for value in values])
    keys = ", ".join(f"{key} AS k{number}" for number, key in enumerate(storage.key))
    by_number = ", ".join(f"k{number}" for number in range(len(storage.key)))
    sized = f"SELECT {keys}, {size} AS size FROM {table}{after} ORDER BY {order} LIMIT {PAGE_ROWS}"
    before = f"SELECT sum(size) OVER (ORDER BY {by_number} ROWS UNBOUNDED PRECEDING) - size AS before FROM ({sized})"
    row_count = f"SELECT count(*) FROM ({before}) WHERE before < {PAGE_BYTES}"
    place = join_sql([literal_sql(key.removesuffix(" COLLATE BINARY")) for key in storage.key])
    cells = join_sql([literal_sql(value, max_bytes) for value in values])
    columns = f"{place} AS place, {cells} AS cells, {size} AS size"
    return f"SELECT {columns} FROM {table}{after} ORDER BY {order} LIMIT ({row_count})"


def _key(row: Mapping[str, Any]) -> str:
    return ", ".join(str(row["place"]).split(SEPARATOR))


def _piece_reader(database: Database, storage: Storage, key: str) -> Callable[[LargeValue], Iterator[str]]:
    def read(large: LargeValue) -> Iterator[str]:
        value = copied_columns(storage)[large.column]
        where = f"({', '.join(storage.key)}) = ({key})"
        for start in range(1, large.size + 1, _PIECE_BYTES):
            piece = f"hex(substr(CAST({value} AS BLOB), {start}, {_PIECE_BYTES}))"
            sql = f"SELECT {piece} AS piece FROM {quoted(storage.table)} WHERE {where}"
            yield from (str(row["piece"]) for row in database.read(sql))

    return read
