"""Find out how tables store their rows: which columns can be read and written, and what identifies a row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.sqlite.schema import SchemaObject

_TABLES: Final = """
    SELECT m.name, m.sql, l.type, l.wr,
        EXISTS (SELECT 1 FROM pragma_index_list(m.name) WHERE origin = 'pk'),
        EXISTS (SELECT 1 FROM sqlite_schema WHERE name = m.name || '_docsize'),
        EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence')
    FROM sqlite_schema m JOIN pragma_table_list l ON l.schema = 'main' AND l.name = m.name
    WHERE m.type = 'table' AND l.type <> 'shadow' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.rowid
"""
_COLUMNS: Final = "SELECT name, pk FROM pragma_table_info(?) ORDER BY cid"
_PRIMARY_KEY: Final = 'SELECT name, coll, "desc" FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno'
ROWIDS: Final = ("rowid", "_rowid_", "oid")
"""The names of the rowid, unless a column has one of them."""


class RowSource(Enum):
    """The place of a table's rows."""

    OWN = "in the table itself"
    EXTERNAL_CONTENT = "in another table or view, over which this is an FTS5 index (content=...)"
    CONTENTLESS = "nowhere: an FTS5 index that does not keep its input (content='')"
    NONE = "in other tables, which this one only shows (fts5vocab)"


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage of one table.

    Attributes:
        table: The table's name, as written.
        columns: Names of the columns that store values, without generated ones and hidden ones of a virtual table.
        key: SQL expressions that identify a row, in order; empty if nothing that can be named does.
        rowid: SQL name of the rowid, if it is not one of the columns; otherwise empty.
        module: Module of a virtual table, in lower case; otherwise empty.
        lists_rows: True if an FTS5 index has a list of its rows (its `_docsize` table).
        autoincrement: True if the ids come from AUTOINCREMENT.
        order: The key as the table itself is sorted, for ORDER BY.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    rowid: str
    rows: RowSource = RowSource.OWN
    module: str = ""
    lists_rows: bool = False
    autoincrement: bool = False
    order: tuple[str, ...] = ()

    @property
    def has_rowid(self) -> bool:
        """True if the key is an integer that identifies a row of a table."""
        return bool(self.key) and not (self.module or self.order)


def storages(objects: Iterable[SchemaObject]) -> tuple[Storage, ...]:
    """Return the storage of each table, in order of creation.

    Args:
        objects: A complete schema, with or without the shadow tables of its virtual tables.

    Raises:
        SqlError: This SQLite cannot create one of the objects.
    """
    connection = schema.build(objects)
    with trusted(connection):
        tables = list(connection.execute(_TABLES, can_cache=False))
        columns = [list(connection.execute(_COLUMNS, (table[0],), can_cache=False)) for table in tables]
        keys = [list(connection.execute(_PRIMARY_KEY, (table[0],), can_cache=False)) for table in tables]
    return tuple(map(_storage, tables, columns, keys))


def _storage(table: tuple[Any, ...], columns: list[tuple[Any, ...]], primary_key: list[tuple[Any, ...]]) -> Storage:
    """Return the storage of one table from its rows of _TABLES, _COLUMNS and _PRIMARY_KEY."""
    name, sql, kind, without_rowid, has_index, lists_rows, has_sequence = table
    names = tuple(column for column, _ in columns)
    primary = [column for _, column in sorted((place, column) for column, place in columns if place)]
    if without_rowid:
        # The key's own collation, which may not be the column's: D1 sorts and finds rows by it without a scan.
        key = tuple(f"{quoted(column)} COLLATE {collation}" for column, collation, _ in primary_key)
        order = tuple(f"{part} DESC" if row[2] else part for part, row in zip(key, primary_key, strict=True))
        return Storage(name, names, key, "", order=order)
    taken = {fold(column) for column in names}
    rowid = next((alias for alias in ROWIDS if alias not in taken), "")
    if kind != "virtual":
        if len(primary) == 1 and not has_index:  # INTEGER PRIMARY KEY is an alias of the rowid
            autoincrement = bool(has_sequence) and "autoincrement" in tokens(sql)
            return Storage(name, names, (quoted(primary[0]),), "", autoincrement=autoincrement)
        return Storage(name, names, (rowid,) if rowid else (), rowid)
    module, rows = virtual_storage(sql)
    shown = rowid if module == "fts5" else ""
    return Storage(name, names, (rowid,) if rowid else (), shown, rows, module, bool(lists_rows))


def virtual_storage(sql: str) -> tuple[str, RowSource]:
    """Return the module of a virtual table and where its rows are stored. An R*Tree's rowid is its first column."""
    words = tokens(sql)
    module = words[words.index("using") + 1]
    if module != "fts5":
        return module, RowSource.NONE if module == "fts5vocab" else RowSource.OWN
    for place in range(len(words) - 2):
        if words[place : place + 2] == ("content", "=") and words[place - 1] in {"(", ","}:
            return module, RowSource.EXTERNAL_CONTENT if words[place + 2].strip("'") else RowSource.CONTENTLESS
    return module, RowSource.OWN
