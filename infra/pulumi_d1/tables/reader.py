"""Read tables in pages, several in one request, and each row once.

D1 bills every row that a statement reads, so no statement measures rows before it reads them. Instead, a page leaves
out the values of rows that are larger than expected, and they are read afterwards, by key. No answer exceeds D1's
50 MB: either the whole database is smaller, or the number of rows times the largest size that the page reads is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.tables.literal import SEPARATOR, LargeValue, join_sql, literal_sql, parse_cells, sum_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.cloudflare.database import QueryResult, Row
    from pulumi_d1.sqlite.storage import Storage

Cells: TypeAlias = tuple[str, ...]
"""Literals of some columns of a row."""

REQUEST_CELLS: Final = 200_000
"""Values in one answer."""

REQUEST_BYTES: Final = 16_000_000
"""Bytes of values in one answer. As hexadecimal digits they take twice that."""

_REQUEST_SQL: Final = 500_000
"""Characters of SQL in one request."""

_FIRST_ROWS: Final = 200
_FIRST_ROW_BYTES: Final = 2_000
"""The first page of a table in a database that is larger than an answer."""

PAGE_BYTES: Final = 4_000_000
"""Bytes that a later page is expected to have. Rows of up to four times the expected size are read with it."""

_ROW_BYTES: Final = 800_000
"""Bytes of values in one row. Its digits are one text, which D1 limits to 2,000,000 bytes."""

_GROUP_BYTES: Final = 4_000_000
"""Bytes of the large rows in one request."""

_PIECE_BYTES: Final = 500_000
"""Bytes of a value that is longer than its share of a row, in one text."""

_WANTED_BYTES: Final = 30_000
"""Length of the keys in one statement. D1 allows 100,000 bytes; the SQL for 100 columns takes up to 60,000."""

_LARGE: Final = "L"
"""First character in place of a large row's values. No literal starts with it."""


class ReadsRows(Protocol):
    """A database that answers statements which change nothing: D1, or a local one."""

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        """Return the results of statements, in one request."""


MAX_COLUMNS: Final = 100
"""Columns of a result, and values of each of several rows. A table of 100 columns has more of them with its rowid."""

_AGAIN: Final = "again"


def copied_columns(storage: Storage) -> tuple[str, ...]:
    """Return SQL for the columns to read and write. The rowid is one of them if no column is an alias of it."""
    names = tuple(quoted(name) for name in storage.columns)
    return (storage.rowid, *names) if storage.rowid else names


def aliases(storage: Storage) -> tuple[str, ...]:
    """Return short names for `copied_columns` that no column has. The last of 101 is that of `source_sql`."""
    names = {fold(name) for name in storage.columns}
    prefix = next(prefix for number in range(len(names) + 1) if not _starts_any(prefix := "c" + "_" * number, names))
    columns = copied_columns(storage)
    short = (f"{prefix}{place}" for place in range(len(columns[:MAX_COLUMNS])))
    return (*short, *(f"{_AGAIN}.{column}" for column in columns[MAX_COLUMNS:]))


def key_places(storage: Storage) -> tuple[int, ...]:
    """Return the indexes of the key's values in a row."""
    if storage.module and not storage.rowid:
        return (0,)  # an R*Tree's first column is its rowid
    columns = copied_columns(storage)
    return tuple(columns.index(key.rpartition(" COLLATE ")[0] or key) for key in storage.key)


def key_of(storage: Storage, cells: Sequence[str]) -> Cells:
    """Return the literals of a row's key."""
    return tuple(cells[place] for place in key_places(storage))


def ordered_sql(storage: Storage, where: str, order: Sequence[str], limit: int) -> str:
    """Return SQL for the first rows of a table in an order, with the first 100 `aliases` as columns."""
    columns = ", ".join(f"{sql} AS {name}" for sql, name in _short_names(storage))
    return f"SELECT {columns} FROM {quoted(storage.table)}{where} ORDER BY {', '.join(order)} LIMIT {limit}"


def wanted_sql(storage: Storage, columns: Sequence[str], values: Sequence[Cells]) -> str:
    """Return SQL for the rows in which `columns`, as SQL, have one of these values, with the first 100 `aliases`.

    The order of a CROSS JOIN is fixed, so D1 looks up each of the values, and counts one row for each.
    """
    names = aliases(storage)
    prefix = "w" + names[0][1:-1]
    wanted = ", ".join(f"column{place} AS {prefix}{place}" for place in range(1, len(columns) + 1))
    lists = ", ".join(f"({', '.join(row)})" for row in values)
    equal = " AND ".join(f"t.{column} = {prefix}{place}" for place, column in enumerate(columns, 1))
    shown = ", ".join(f"t.{sql} AS {name}" for sql, name in _short_names(storage))
    source = f"(SELECT {wanted} FROM (VALUES {lists})) CROSS JOIN {quoted(storage.table)} AS t"
    # The limit excludes no row. Without one, SQLite would replace the short names, and the SQL would grow.
    return f"SELECT {shown} FROM {source} ON {equal} LIMIT -1"


def _short_names(storage: Storage) -> Iterator[tuple[str, str]]:
    return islice(zip(copied_columns(storage), aliases(storage), strict=True), MAX_COLUMNS)


def source_sql(storage: Storage, rows: str) -> str:
    """Return SQL for a FROM clause with all `aliases`, from rows with the first 100 of them.

    D1 would refuse the rowid and 100 columns in one SELECT, so the table itself is joined for the last column.
    """
    names = aliases(storage)
    if len(names) <= MAX_COLUMNS:
        return f"({rows})"
    return f"({rows}) CROSS JOIN {quoted(storage.table)} AS {_AGAIN} ON {_AGAIN}.{storage.rowid} = {names[0]}"


def guarded_sql(storage: Storage, rows: str, row_bytes: int) -> str:
    """Return SQL for the cells of `rows`, or for size and key of the rows that have more bytes than that."""
    names = aliases(storage)
    size = sum_sql([f"ifnull(octet_length({name}), 0)" for name in names])
    keys = join_sql([f"'{_LARGE}' || {size}", *(literal_sql(names[place]) for place in key_places(storage))])
    cells = join_sql([literal_sql(name) for name in names])
    source = source_sql(storage, rows)
    return f"SELECT CASE WHEN {size} <= {row_bytes} THEN {cells} ELSE {keys} END AS cells FROM {source}"


@dataclass(frozen=True, slots=True)
class LargeRow:
    """A row whose values were left out.

    Attributes:
        size: Its size in bytes.
        key: Literals of its key.
    """

    size: int
    key: Cells


def parse_rows(rows: Iterable[Row]) -> tuple[list[str], list[LargeRow]]:
    """Return the rows that `guarded_sql` selected, as `join_sql` writes them, and those whose values it left out."""
    complete: list[str] = []
    large: list[LargeRow] = []
    for row in rows:
        text: str = row["cells"]
        if text.startswith(_LARGE):
            size, *key = text[1:].split(SEPARATOR)
            large.append(LargeRow(int(size), tuple(key)))
        else:
            complete.append(text)
    return complete, large


@dataclass(slots=True)
class _Unfinished:
    """A table that is not read to its end.

    Attributes:
        most_rows: Largest number of rows that are left, if it is known.
        after: A WHERE clause that leaves out the rows that were read.
        row_bytes: Average size of the rows that were read; 0 before the first page.
    """

    storage: Storage
    most_rows: int | None
    after: str = ""
    row_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Page:
    table: _Unfinished
    limit: int
    row_bytes: int

    @property
    def sql(self) -> str:
        storage = self.table.storage
        return guarded_sql(storage, ordered_sql(storage, self.table.after, storage.key, self.limit), self.row_bytes)


@dataclass(slots=True)
class TableReader:
    """Reads tables of a database.

    Attributes:
        rows_read: Number of rows that D1 counted as read so far.
        size: Size of the database in bytes after the last request; 0 before the first.
    """

    database: ReadsRows
    rows_read: int = 0
    size: int = 0

    @property
    def fits_an_answer(self) -> bool:
        """True if all values of the database fit into one answer."""
        return 0 < self.size <= REQUEST_BYTES

    def query(self, statements: Sequence[str]) -> tuple[tuple[Row, ...], ...]:
        """Return the rows of statements that change nothing, in one request.

        Raises:
            ApiError: A table cannot be read.
        """
        results = self.database.query(statements)
        self.rows_read += sum(result.rows_read for result in results)
        self.size = max((result.size for result in results), default=0)
        return tuple(result.rows for result in results)

    def query_all(self, statements: Sequence[str], max_bytes: Sequence[int] = ()) -> Iterator[tuple[Row, ...]]:
        """Yield the rows of any number of statements, in as few requests as possible.

        Args:
            max_bytes: Largest size of the values that each statement reads; empty if they are small.
        """
        start = 0
        while start < len(statements):
            end, length, size = start, 0, 0
            while end < len(statements) and length < _REQUEST_SQL:
                size += max_bytes[end] if max_bytes and not self.fits_an_answer else 0
                if end > start and size > REQUEST_BYTES:
                    break
                length += len(statements[end])
                end += 1
            yield from self.query(statements[start:end])
            start = end

    def read_tables(
        self, storages: Sequence[Storage], most_rows: Mapping[str, int], limit: int | None = None
    ) -> Iterator[tuple[Storage, list[str]]]:
        """Yield all rows of the tables, some at a time, as `join_sql` writes them. A table's may come in any order.

        Args:
            most_rows: Largest number of rows of each table, by name, as far as it is known.
            limit: Number of rows after which no further one is needed.

        Raises:
            ConfigError: A table has no key that can be named.
            ApiError: A table cannot be read.
        """
        if hidden := [storage.table for storage in storages if not storage.key]:
            raise ConfigError(
                f"table {escape_line(hidden[0])} cannot be read in order: its columns hide rowid, _rowid_ and oid. "
                "Rename one of these columns"
            )
        tables = deque(_Unfinished(storage, most_rows.get(storage.table)) for storage in storages)
        while tables:
            pages = self._next_pages(tables, limit)
            for page, rows in zip(pages, self.query([page.sql for page in pages]), strict=True):
                storage = page.table.storage
                complete, large = parse_rows(rows)
                if complete:
                    yield storage, complete
                yield from ((storage, group) for group in self.read_large(storage, large))
                limit = None if limit is None else max(0, limit - len(rows))
                if len(rows) == page.limit:
                    tables.append(_after(page, rows, complete, large))

    def read_large(self, storage: Storage, rows: Sequence[LargeRow]) -> Iterator[list[str]]:
        """Yield the rows whose values were left out, some at a time."""
        max_bytes = _ROW_BYTES // len(copied_columns(storage))
        cells = join_sql([literal_sql(name, max_bytes) for name in aliases(storage)])
        for group in _grouped(rows, lambda row: row.size, _GROUP_BYTES):
            keys = [row.key for row in group]
            wanted = [wanted_sql(storage, storage.key, values) for values in wanted_groups(keys, len(keys))]
            statements = [f"SELECT {cells} AS cells FROM {source_sql(storage, sql)}" for sql in wanted]
            found = [row for rows in self.query(statements) for row in rows]
            yield list(self._completed(storage, [parse_cells(str(row["cells"])) for row in found]))

    def _completed(self, storage: Storage, rows: Sequence[tuple[str | LargeValue, ...]]) -> Iterator[str]:
        """Yield rows with the values that are too long for the text of their row."""
        places = key_places(storage)
        pieces: list[str] = []
        for row in rows:
            key = ", ".join(str(row[place]) for place in places)
            for cell in row:
                if isinstance(cell, LargeValue):
                    pieces += _piece_statements(storage, key, cell)
        digits = ("".join(str(row["piece"]) for row in rows) for rows in self.query(pieces)) if pieces else iter(())
        for row in rows:
            cells = (_digits_of(cell, digits) if isinstance(cell, LargeValue) else cell for cell in row)
            yield SEPARATOR.join(cells)

    def _next_pages(self, tables: deque[_Unfinished], limit: int | None) -> list[_Page]:
        """Take tables from the queue, and return a page of each for one request."""
        pages: list[_Page] = []
        cells, size, length = REQUEST_CELLS, REQUEST_BYTES, 0
        rows_left = limit
        while tables and length < _REQUEST_SQL:
            table = tables[0]
            share = max(1, cells // len(tables) // len(copied_columns(table.storage)))
            if rows_left is not None:
                share = min(share, max(1, rows_left // len(tables) + 1))
            if table.most_rows is not None:  # one more than there are, to see that there are no others
                share = min(share, table.most_rows + 1)
            page = self._page(table, share)
            size -= 0 if self.fits_an_answer else page.limit * page.row_bytes
            if pages and size < 0:
                break
            pages.append(page)
            tables.popleft()
            length += len(page.sql)
            cells -= page.limit * len(copied_columns(table.storage))
            rows_left = None if rows_left is None else rows_left - page.limit
        return pages

    def _page(self, table: _Unfinished, limit: int) -> _Page:
        if self.fits_an_answer:
            return _Page(table, limit, _ROW_BYTES)
        if not table.row_bytes:
            return _Page(table, min(limit, _FIRST_ROWS), _FIRST_ROW_BYTES)
        limit = max(1, min(limit, PAGE_BYTES // table.row_bytes))
        return _Page(table, limit, min(_ROW_BYTES, max(_FIRST_ROW_BYTES, REQUEST_BYTES // limit)))


def wanted_groups(values: Sequence[Cells], most: int) -> Iterator[list[Cells]]:
    """Yield values in groups of at most this number for `wanted_sql`, each within D1's limit for a statement."""
    for group in _grouped(values, lambda row: sum(map(len, row)) + 4 * len(row), _WANTED_BYTES):
        yield from (group[start : start + most] for start in range(0, len(group), most))


def _after(page: _Page, rows: Sequence[Row], complete: Sequence[str], large: Sequence[LargeRow]) -> _Unfinished:
    """Return what is left of a table after a page. Its last row is the last in the order of the key."""
    storage = page.table.storage
    last, last_large = parse_rows(rows[-1:])
    key = last_large[0].key if last_large else key_of(storage, last[0].split(SEPARATOR))
    size = sum(map(len, complete)) + sum(row.size for row in large)
    left = None if page.table.most_rows is None else page.table.most_rows - len(rows)
    most_rows = None if left is None or left < 0 else left  # rows were added meanwhile if there are more
    after = f" WHERE ({', '.join(storage.key)}) > ({', '.join(key)})"
    return _Unfinished(storage, most_rows, after, max(1, size // len(rows)))


def _piece_statements(storage: Storage, key: str, large: LargeValue) -> list[str]:
    value = copied_columns(storage)[large.column]
    where = f"({', '.join(storage.key)}) = ({key})"
    return [
        f"SELECT hex(substr(CAST({value} AS BLOB), {start}, {_PIECE_BYTES})) AS piece FROM {quoted(storage.table)} "
        f"WHERE {where}"
        for start in range(1, large.size + 1, _PIECE_BYTES)
    ]


def _digits_of(large: LargeValue, pieces: Iterator[str]) -> str:
    digits = "".join(next(pieces) for _ in range(0, large.size, _PIECE_BYTES))
    return f"CAST(X'{digits}' AS TEXT)" if large.is_text else f"X'{digits}'"


def _grouped(items: Sequence[Any], size_of: Callable[[Any], int], most: int) -> Iterator[list[Any]]:
    """Yield the items in groups of at most this size, or of one item."""
    group: list[Any] = []
    size = 0
    for item in items:
        size += size_of(item)
        if group and size > most:
            yield group
            group, size = [], size_of(item)
        group.append(item)
    if group:
        yield group


def _starts_any(prefix: str, names: Iterable[str]) -> bool:
    return any(name.startswith((prefix, "w" + prefix[1:])) for name in names)
