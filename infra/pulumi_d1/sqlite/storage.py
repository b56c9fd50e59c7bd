"""How the tables of a schema hold their rows: what can be read and written of a row, and what tells it from others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted, words

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
_ROWIDS: Final = ("rowid", "_rowid_", "oid")


class Rows(Enum):
    """Where the rows of a table come from."""

    OWN = "they are stored in it"
    CONTENT = "an FTS5 index over the rows of another table or view (content=...)"
    FORGOTTEN = "an FTS5 index that does not keep what it was given (content='')"
    NONE = "it only shows what others hold (fts5vocab)"


@dataclass(frozen=True, slots=True)
class Storage:
    """How a table holds its rows.

    Attributes:
        table: its name, as it was written.
        columns: names of those that hold values; generated ones and the hidden ones of a virtual table are left out.
        key: SQL of what tells its rows apart, in order; empty where nothing does that can be named.
        rowid: SQL of the rowid, where it is none of the columns; otherwise empty.
        rows: where they come from.
        module: of a virtual table, in lower case; otherwise empty.
        knows_rows: whether an FTS5 index tells which rows it has.
        counts_up: whether its ids come from AUTOINCREMENT.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    rowid: str
    rows: Rows = Rows.OWN
    module: str = ""
    knows_rows: bool = False
    counts_up: bool = False


def storages(objects: Iterable[SchemaObject]) -> tuple[Storage, ...]:
    """The storage of each table, in the order in which they were made.

    Args:
        objects: a whole schema, with the shadow tables of its virtual tables or without.

    Raises:
        SqlError: this SQLite can't make one of the objects.
    """
    connection = schema.rebuilt(objects)
    with trusted(connection):
        tables = list(connection.execute(_TABLES, can_cache=False))
        columns = [list(connection.execute(_COLUMNS, (table[0],), can_cache=False)) for table in tables]
    return tuple(map(_storage, tables, columns))


def _storage(table: tuple[Any, ...], columns: list[tuple[Any, ...]]) -> Storage:
    """The storage of one table, from its rows of _TABLES and _COLUMNS."""
    name, sql, kind, without_rowid, has_index, knows_rows, has_sequence = table
    names = tuple(column for column, _ in columns)
    primary = [column for _, column in sorted((place, column) for column, place in columns if place)]
    if without_rowid:
        # Two keys that differ in the collation of a column differ byte for byte too, and the bytes give an order.
        key = tuple(f"{quoted(column)} COLLATE BINARY" for column in primary)
        return Storage(name, names, key, "")
    taken = {column.lower() for column in names}
    rowid = next((alias for alias in _ROWIDS if alias not in taken), "")
    if kind != "virtual":
        if len(primary) == 1 and not has_index:  # INTEGER PRIMARY KEY: the rowid by another name
            counts_up = bool(has_sequence) and "autoincrement" in words(sql)
            return Storage(name, names, (quoted(primary[0]),), "", counts_up=counts_up)
        return Storage(name, names, (rowid,) if rowid else (), rowid)
    module, rows = _virtual(words(sql))
    shown = rowid if module == "fts5" else ""
    return Storage(name, names, (rowid,) if rowid else (), shown, rows, module, bool(knows_rows))


def _virtual(read: tuple[str, ...]) -> tuple[str, Rows]:
    """Module of a virtual table, and where its rows come from. R*Trees have their rowid as the first column."""
    module = read[read.index("using") + 1]
    if module != "fts5":
        return module, Rows.NONE if module == "fts5vocab" else Rows.OWN
    for place in range(len(read) - 2):
        if read[place : place + 2] == ("content", "=") and read[place - 1] in {"(", ","}:
            return module, Rows.CONTENT if read[place + 2].strip("'") else Rows.FORGOTTEN
    return module, Rows.OWN
