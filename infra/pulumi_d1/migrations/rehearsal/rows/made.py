"""Generate rows that satisfy a schema, for rehearsals that read none."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.migrations.rehearsal.rows.insertion import ParentRows, RowInserter, query
from pulumi_d1.migrations.rehearsal.rows.layout import read_layouts
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.sqlite.storage import ROWIDS, RowSource, virtual_storage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pulumi_d1.migrations.rehearsal.rows.layout import TableLayout

_PARENTS: Final = 'SELECT DISTINCT f."table" FROM json_each(?) n, pragma_foreign_key_list(n.value) f'
_SWITCHES: Final = (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, apsw.SQLITE_DBCONFIG_ENABLE_FKEY)
_FILLED: Final = frozenset({RowSource.OWN, RowSource.CONTENTLESS})
_MAX_TABLE_ATTEMPTS: Final = 3_000
_MAX_ATTEMPTS: Final = 20_000  # of all tables; afterwards, a row is inserted at the first attempt or not at all


def fill_tables(connection: apsw.Connection, tables: Collection[str], rows: int = 3) -> frozenset[str]:
    """Insert generated rows into those of `tables` that have fewer than `rows`.

    Triggers do not fire, and the new rows satisfy their foreign keys. In the last row, columns are NULL if they may be.
    FTS5 tables over the content of others are rebuilt. The rows depend on nothing but the schema and existing rows.

    Args:
        connection: A connection from `schema.build`. If a transaction is open, it stays open.

    Returns:
        The names of the tables that stay empty, because no row was found that satisfies their constraints.
    """
    switches = {switch: connection.config(switch, -1) for switch in _SWITCHES}
    with trusted(connection):
        try:
            for switch in switches:
                connection.config(switch, 0)
            with connection:
                empty = _fill(connection, tables, rows)
        finally:
            for switch, value in switches.items():
                connection.config(switch, value)
    return empty


def _fill(connection: apsw.Connection, names: Collection[str], rows: int) -> frozenset[str]:
    parents = query(connection, _PARENTS, json.dumps(sorted(names)))
    now = schema.read(connection, {fold(name) for name in (*names, *(parent for (parent,) in parents))})
    items = {name: item for name in sorted(names) if (item := now.objects.get(("table", fold(name))))}
    sources = {name: virtual_storage(item.sql)[1] if item.is_virtual else RowSource.OWN for name, item in items.items()}
    fillable = [name for name, source in sources.items() if source in _FILLED]
    tables = read_layouts(connection, now, fillable)
    known = ParentRows(connection, now)
    connection.execute("SAVEPOINT generated", can_cache=False)
    filled = _insert_rows(connection, tables, known, rows)
    if known.learn():  # tables refer to each other: insert the same rows, now with the keys of those that come later
        connection.execute("ROLLBACK TO generated", can_cache=False)
        filled = _insert_rows(connection, tables, known, rows)
    connection.execute("RELEASE generated", can_cache=False)
    while sum(_delete_orphans(connection, table) for table in filled):
        pass
    for name, source in sources.items():
        if source is RowSource.EXTERNAL_CONTENT:
            query(connection, f"INSERT INTO {quoted(name)} ({quoted(name)}) VALUES ('rebuild')")
    return frozenset(name for name in fillable if not _count(connection, name, 1))


def _insert_rows(
    connection: apsw.Connection, tables: Iterable[TableLayout], parents: ParentRows, rows: int
) -> list[TableLayout]:
    """Insert the missing rows. Return the tables that had too few."""
    attempts = iter(range(_MAX_ATTEMPTS))
    filled: list[TableLayout] = []
    for table in tables:
        if (count := _count(connection, table.name, rows)) < rows:
            filled.append(table)
            inserter = RowInserter(connection, table, parents, islice(attempts, _MAX_TABLE_ATTEMPTS))
            for n in range(count + 1, rows + 1):
                if not inserter.insert(n, with_nulls=1 < n == rows):
                    break  # a later row would fail too
    return filled


def _delete_orphans(connection: apsw.Connection, table: TableLayout) -> int:
    """Delete the rows that violate a foreign key. Return how many were deleted."""
    before = connection.total_changes()
    rowid = next((name for name in ROWIDS if name not in table.columns), None)
    for (row,) in query(connection, 'SELECT DISTINCT "rowid" FROM pragma_foreign_key_check(?)', table.name):
        condition = f"{rowid} = {row}" if rowid and row is not None else "true"  # all rows if none can be named
        query(connection, f"DELETE FROM {quoted(table.name)} WHERE {condition}")
    return connection.total_changes() - before


def _count(connection: apsw.Connection, table: str, limit: int) -> int:
    return len(query(connection, f"SELECT 1 FROM {quoted(table)} LIMIT ?", limit))
