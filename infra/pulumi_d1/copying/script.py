"""A database as one script that makes it again in an empty one. Pure but for the reading of the rows.

Tables and their indexes come first: D1 inserts no row while a table that it points at, or the unique index that this
needs, is missing. Foreign keys are checked when all rows are there. Triggers come last, so that none fires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.copying.insert import create_pieces, inserts, pieces_table
from pulumi_d1.copying.literal import written
from pulumi_d1.copying.page import rows
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.sqlite.storage import RowSource, storages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.copying.page import Row
    from pulumi_d1.sqlite.schema import SchemaObject
    from pulumi_d1.sqlite.storage import Storage

_IDS: Final = 2_000
"""Row ids in one statement."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is to copy.

    Attributes:
        objects: the schema, without shadow tables, in the order in which it can be made.
        storages: of its tables.
    """

    objects: tuple[SchemaObject, ...]
    storages: tuple[Storage, ...]

    @property
    def filled(self) -> tuple[Storage, ...]:
        """The tables whose rows are read one by one."""
        return tuple(item for item in self.storages if item.rows is RowSource.OWN)

    @property
    def forgotten(self) -> tuple[str, ...]:
        """Names of the FTS5 tables whose content can't be had."""
        return tuple(item.table for item in self.storages if item.rows is RowSource.CONTENTLESS)


def inventory(objects: Sequence[SchemaObject]) -> Inventory:
    """What there is to copy of a schema, as the database lists it.

    Raises:
        SqlError: this SQLite can't make one of the objects.
    """
    found = storages(objects)
    tables = {item.table.lower() for item in found}
    order = ("table", "index", "view", "trigger")
    kept = [item for item in objects if item.type == "view" or item.table.lower() in tables or item.type == "trigger"]
    return Inventory(tuple(sorted(kept, key=lambda item: order.index(item.type))), found)


def script(
    database: Database,
    what: Inventory,
    counts: Mapping[str, int],
    passed: Callable[[Storage, Iterable[Row]], Iterator[Row]],
) -> Iterator[str]:
    """The statements, each with its semicolon.

    Args:
        database: to read from.
        what: its inventory.
        counts: rows of each table that is filled, by name; those without any are not read.
        passed: sees the rows of a table pass, for progress.

    Raises:
        ApiError: it can't be read.
        ConfigError: a table can't.
    """
    yield "PRAGMA defer_foreign_keys = ON;"
    yield from (f"{item.sql};" for item in what.objects if item.type != "trigger")
    pieces = pieces_table(item.name for item in what.objects)
    yield create_pieces(pieces)
    for storage in what.filled:
        if counts.get(storage.table, 1):
            yield from inserts(storage, passed(storage, rows(database, storage)), pieces)
    yield f"DROP TABLE {quoted(pieces)};"
    for storage in what.storages:
        if storage.rows is RowSource.EXTERNAL_CONTENT:
            yield from _index(database, storage)
        if storage.module == "fts5":
            yield from _options(database, storage)
    yield from _sequence(database, what)
    yield from (f"{item.sql};" for item in what.objects if item.type == "trigger")


def _index(database: Database, storage: Storage) -> Iterator[str]:
    """An FTS5 index over other rows is made again: of all of them, or of those that it knows."""
    table = quoted(storage.table)
    if not storage.lists_rows or _has_all(database, storage):
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
        yield (f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE {storage.rowid} IN ({ids});")
        after = f" WHERE id > {page[-1]['id']}"


def _has_all(database: Database, storage: Storage) -> bool:
    known = f"SELECT count(*) FROM {quoted(storage.table + '_docsize')}"
    [row] = database.read(f"SELECT ({known}) AS known, (SELECT count(*) FROM {quoted(storage.table)}) AS there")
    return bool(row["known"] == row["there"])


def _options(database: Database, storage: Storage) -> Iterator[str]:
    """What an FTS5 table was told: merging, page size, ranking."""
    table, kept = quoted(storage.table), quoted(f"{storage.table}_config")
    told = f"SELECT {written('k')} AS name, {written('v')} AS value FROM {kept} WHERE k <> 'version'"
    for row in database.read(told):
        yield f"INSERT INTO {table} ({table}, rank) VALUES ({row['name']}, {row['value']});"


def _sequence(database: Database, what: Inventory) -> Iterator[str]:
    """The last ids of AUTOINCREMENT: after the rows, which move them."""
    counting = [storage.table for storage in what.storages if storage.autoincrement]
    if not counting:
        return
    yield "DELETE FROM sqlite_sequence;"
    for row in database.read(f"SELECT name, {written('seq')} AS seq FROM sqlite_sequence"):
        if row["name"] in counting:
            name = str(row["name"]).replace("'", "''")
            yield f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {row['seq']});"
