"""The tables of a database whose rows can be copied, and what they need besides their rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import quoted, quoted_text
from pulumi_d1.sqlite.storage import RowSource, storages
from pulumi_d1.tables.literal import literal_sql

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from pulumi_d1.sqlite.schema import SchemaObject
    from pulumi_d1.sqlite.storage import Storage

_ORDER: Final = ("table", "index", "view", "trigger")

SEQUENCES_SQL: Final = f"SELECT name, {literal_sql('seq')} AS seq FROM sqlite_sequence"
"""Reads the last ids of AUTOINCREMENT. The table exists if a table of the schema uses it."""


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

    @property
    def full_text_tables(self) -> tuple[Storage, ...]:
        """The FTS5 tables, which have options."""
        return tuple(storage for storage in self.storages if storage.module == "fts5")

    @property
    def counting_tables(self) -> frozenset[str]:
        """Names of the tables whose ids come from AUTOINCREMENT."""
        return frozenset(storage.table for storage in self.storages if storage.autoincrement)


def plan_copy(objects: Sequence[SchemaObject]) -> CopyPlan:
    """Return what to copy of a schema.

    Raises:
        SqlError: This SQLite cannot create one of the objects.
    """
    tables = storages(objects)
    names = {fold(storage.table) for storage in tables}
    copied = [item for item in objects if item.type in {"view", "trigger"} or fold(item.table) in names]
    return CopyPlan(tuple(sorted(copied, key=lambda item: _ORDER.index(item.type))), tables)


def rebuild_statement(storage: Storage) -> str:
    """Return the statement that fills an FTS5 index over another table's rows with all of them."""
    table = quoted(storage.table)
    return f"INSERT INTO {table} ({table}) VALUES ('rebuild');"


def full_text_options_sql(storage: Storage) -> str:
    """Return SQL that reads the options of an FTS5 table: merging, page size, ranking."""
    config = quoted(f"{storage.table}_config")
    return f"SELECT {literal_sql('k')} AS name, {literal_sql('v')} AS value FROM {config} WHERE k <> 'version'"


def full_text_statements(storage: Storage, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the statements that set the options in the rows of `full_text_options_sql`."""
    table = quoted(storage.table)
    for row in rows:
        yield f"INSERT INTO {table} ({table}, rank) VALUES ({row['name']}, {row['value']});"


def sequence_statements(tables: Collection[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the statements that set the last ids of AUTOINCREMENT, to run after the rows, which change them.

    Args:
        tables: Names of the tables whose ids are set.
        rows: The rows of SEQUENCES_SQL.
    """
    if not tables:
        return
    names = ", ".join(map(quoted_text, sorted(tables)))
    yield f"DELETE FROM sqlite_sequence WHERE name IN ({names});"
    for row in rows:
        if row["name"] in tables:
            yield f"INSERT INTO sqlite_sequence (name, seq) VALUES ({quoted_text(row['name'])}, {row['seq']});"
