"""Write a database as one script that creates it in an empty one. Pure, except that it reads the rows.

Tables and indexes come first: D1 inserts no row while the table that it references is missing, or the unique index that
the reference needs. Foreign keys are checked after the last row. Triggers come last, so none fires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.copying.insert import create_pieces_table, insert_statements, pieces_table_name
from pulumi_d1.copying.literal import literal_sql
from pulumi_d1.copying.page import read_rows
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.sqlite.storage import RowSource, storages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.copying.page import CopiedRow
    from pulumi_d1.sqlite.schema import SchemaObject
    from pulumi_d1.sqlite.storage import Storage

_IDS: Final = 2_000
"""Row ids in one statement."""

_ORDER: Final = ("table", "index", "view", "trigger")


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """The objects and tables to copy.

    Attributes:
        objects: The schema without shadow tables, in an order in which it can be created.
    """

    objects: tuple[SchemaObject, ...]
    storages: tuple[Storage, ...]

    @property
    def row_tables(self) -> tuple[Storage, ...]:
        """The tables whose rows are read one by one."""
        return tuple(storage for storage in self.storages if storage.rows is RowSource.OWN)

    @property
    def contentless_tables(self) -> tuple[str, ...]:
        """Names of the FTS5 tables that do not store their content, so it cannot be copied."""
        return tuple(storage.table for storage in self.storages if storage.rows is RowSource.CONTENTLESS)


def plan_copy(objects: Sequence[SchemaObject]) -> CopyPlan:
    """Return what to copy of a schema.

    Raises:
        SqlError: This SQLite cannot create one of the objects.
    """
    tables = storages(objects)
    names = {fold(storage.table) for storage in tables}
    copied = [item for item in objects if item.type in {"view", "trigger"} or fold(item.table) in names]
    return CopyPlan(tuple(sorted(copied, key=lambda item: _ORDER.index(item.type))), tables)


def copy_script(
    database: Database,
    plan: CopyPlan,
    row_counts: Mapping[str, int],
    track: Callable[[Storage, Iterable[CopiedRow]], Iterator[CopiedRow]],
) -> Iterator[str]:
    """Yield the statements that create a copy of the database, each with its semicolon.

    Args:
        row_counts: Number of rows of each table in `row_tables`, by name. A table without rows is not read.
        track: Passes on the rows of a table, to count them.

    Raises:
        ApiError: The database cannot be read.
        ConfigError: The rows of a table cannot be read in order.
    """
    yield "PRAGMA defer_foreign_keys = ON;"
    yield from (f"{item.sql};" for item in plan.objects if item.type != "trigger")
    pieces = pieces_table_name(item.name for item in plan.objects)
    yield create_pieces_table(pieces)
    for storage in plan.row_tables:
        if row_counts.get(storage.table, 1):
            yield from insert_statements(storage, track(storage, read_rows(database, storage)), pieces)
    yield f"DROP TABLE {quoted(pieces)};"
    for storage in plan.storages:
        if storage.rows is RowSource.EXTERNAL_CONTENT:
            yield from _rebuild_index(database, storage)
        if storage.module == "fts5":
            yield from _fts5_options(database, storage)
    yield from _autoincrement_ids(database, plan)
    yield from (f"{item.sql};" for item in plan.objects if item.type == "trigger")


def _rebuild_index(database: Database, storage: Storage) -> Iterator[str]:
    """Rebuild an FTS5 index over another table's rows: over all of them, or over those that the source indexes."""
    table = quoted(storage.table)
    if not storage.lists_rows or _indexes_every_row(database, storage):
        yield f"INSERT INTO {table} ({table}) VALUES ('rebuild');"
        return
    columns = ", ".join((storage.rowid, *map(quoted, storage.columns)))
    after = ""
    while True:
        page = database.read(
            f"SELECT CAST(id AS TEXT) AS id FROM {quoted(storage.table + '_docsize')}{after} ORDER BY id LIMIT {_IDS}"
        )
        if not page:
            return
        ids = ", ".join(str(row["id"]) for row in page)
        yield f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE {storage.rowid} IN ({ids});"
        after = f" WHERE id > {page[-1]['id']}"


def _indexes_every_row(database: Database, storage: Storage) -> bool:
    indexed = f"SELECT count(*) FROM {quoted(storage.table + '_docsize')}"
    [row] = database.read(f"SELECT ({indexed}) AS indexed, (SELECT count(*) FROM {quoted(storage.table)}) AS total")
    return bool(row["indexed"] == row["total"])


def _fts5_options(database: Database, storage: Storage) -> Iterator[str]:
    """Yield the options of an FTS5 table: merging, page size, ranking."""
    table, config = quoted(storage.table), quoted(f"{storage.table}_config")
    sql = f"SELECT {literal_sql('k')} AS name, {literal_sql('v')} AS value FROM {config} WHERE k <> 'version'"
    for row in database.read(sql):
        yield f"INSERT INTO {table} ({table}, rank) VALUES ({row['name']}, {row['value']});"


def _autoincrement_ids(database: Database, plan: CopyPlan) -> Iterator[str]:
    """Yield the last ids of AUTOINCREMENT, after the rows, which change them."""
    tables = [storage.table for storage in plan.storages if storage.autoincrement]
    if not tables:
        return
    yield "DELETE FROM sqlite_sequence;"
    for row in database.read(f"SELECT name, {literal_sql('seq')} AS seq FROM sqlite_sequence"):
        if row["name"] in tables:
            name = str(row["name"]).replace("'", "''")
            yield f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {row['seq']});"
