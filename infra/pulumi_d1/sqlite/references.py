"""Foreign keys whose parents can be looked up: SQLite and D1 find them through a unique index."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.sandbox import trusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

    from pulumi_d1.sqlite.schema import SchemaObject

_REFERENCES: Final = """
    SELECT m.name, k.id, k."table", k."from", k."to"
    FROM sqlite_schema m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table' ORDER BY m.rowid, k.id, k.seq
"""
_COLUMNS: Final = """
    SELECT m.name, c.name, c."notnull", c.pk FROM sqlite_schema m, pragma_table_info(m.name) c
    WHERE m.type = 'table' ORDER BY m.rowid, c.pk
"""
_UNIQUE: Final = """
    SELECT m.name, i.name, c.name, c.coll
    FROM sqlite_schema m, pragma_index_list(m.name) i, pragma_index_xinfo(i.name) c
    WHERE m.type = 'table' AND i."unique" AND NOT i.partial AND c.key
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key.

    Attributes:
        child: Folded name of the table that has the foreign key.
        parent: Folded name of the table that it references.
        columns: Folded names of the child's columns.
        parent_columns: Folded names of the parent's columns, in the same order. They have a unique index.
        optional: Folded name of a child's column that can be NULL; empty if none can.
    """

    child: str
    parent: str
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]
    optional: str


def references(objects: Iterable[SchemaObject]) -> tuple[Reference, ...]:
    """Return the foreign keys of a schema whose columns are stored and whose parents have a unique index.

    Raises:
        SqlError: This SQLite cannot create one of the objects.
    """
    connection = schema.build(objects)
    stored: dict[str, list[str]] = {}
    optional: dict[str, set[str]] = {}
    primary: dict[str, tuple[str, ...]] = {}
    keys: dict[tuple[str, int], list[tuple[str, str, str | None]]] = {}
    with trusted(connection):
        for table, column, not_null, place in _rows(connection, _COLUMNS):
            stored.setdefault(table, []).append(fold(column))
            if place:
                primary[table] = (*primary.get(table, ()), fold(column))
            elif not not_null:
                optional.setdefault(table, set()).add(fold(column))
        for table, number, parent, column, parent_column in _rows(connection, _REFERENCES):
            keys.setdefault((table, number), []).append((fold(parent), fold(column), parent_column))
        unique = _unique_columns(connection) | {(table, frozenset(columns)) for table, columns in primary.items()}
    found = []
    for (child, _), parts in keys.items():
        parent, columns = parts[0][0], tuple(column for _, column, _ in parts)
        named = tuple(fold(name) for _, _, name in parts if name is not None) or primary.get(parent, ())
        is_stored = set(columns) <= set(stored[child]) and set(named) <= set(stored.get(parent, ()))
        if is_stored and len(columns) == len(named) and (parent, frozenset(named)) in unique:
            nullable = [column for column in columns if column in optional.get(child, ())]
            found.append(Reference(child, parent, columns, named, nullable[0] if nullable else ""))
    return tuple(found)


def parents_first(tables: Iterable[str], keys: Sequence[Reference]) -> tuple[str, ...]:
    """Return folded names of tables in the order of their foreign keys. In a cycle, some key points backwards."""
    names = sorted(tables)
    own = {key.child for key in keys if key.child == key.parent}
    kept = [key for key in keys if key.child != key.parent and key.child in names and key.parent in names]
    # A key that can be NULL is cut before the drop. While a table that references itself is dropped, SQLite looks for
    # all its parents, so it goes before them.
    kept.sort(key=lambda key: (not key.optional, key.parent not in own))
    while True:
        graph: TopologicalSorter[str] = TopologicalSorter({name: set[str]() for name in names})
        for key in kept:
            graph.add(key.child, key.parent)
        try:
            return tuple(graph.static_order())
        except CycleError as error:
            cycle: Sequence[str] = error.args[1]
            pairs = {*pairwise(cycle), *pairwise(reversed(cycle))}
            kept.remove(next(key for key in kept if (key.child, key.parent) in pairs))


def _rows(connection: apsw.Connection, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, with folded names of tables in the first column."""
    return [(fold(str(row[0])), *row[1:]) for row in connection.execute(sql, can_cache=False)]


def _unique_columns(connection: apsw.Connection) -> set[tuple[str, frozenset[str]]]:
    """Return the tables and columns of the unique indexes that SQLite uses for foreign keys."""
    indexes: dict[tuple[str, str], list[str | None]] = {}
    for table, index, column, collation in _rows(connection, _UNIQUE):
        # The index must have the column's own collation. An expression has no column.
        usable = column is not None and connection.column_metadata("main", table, column)[1] == collation
        indexes.setdefault((table, index), []).append(fold(column) if usable else None)
    return {(table, frozenset(map(str, columns))) for (table, _), columns in indexes.items() if None not in columns}
