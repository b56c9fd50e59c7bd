"""Write a database as one script that creates it in an empty one. Pure, except that it reads the rows.

The script relies neither on being one transaction nor on being none (docs/adr/0018). It stops at once in a database
that is a copy already. It begins with creating a helper table and ends with dropping it, so a database that has this
table is a part of a copy.

Tables and indexes come first: D1 inserts no row while the table that it references is missing, or the unique index that
the reference needs. Foreign keys are not checked: a source may have rows without a parent. Triggers come last, so none
fires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.sqlite.storage import RowSource
from pulumi_d1.tables.insert import create_pieces_table, insert_statements, pieces_table_name
from pulumi_d1.tables.plan import (
    full_text_options_sql,
    full_text_statements,
    rebuild_statement,
    sequence_statements,
)
from pulumi_d1.tables.reader import TableReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.sqlite.storage import Storage
    from pulumi_d1.tables.plan import CopyPlan

_IDS: Final = 2_000
"""Row ids in one statement."""


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """Figures of a source, read before its rows.

    Attributes:
        row_counts: Number of rows of each table in `row_tables`, by name.
        sequences: The rows of SEQUENCES_SQL.
    """

    row_counts: Mapping[str, int]
    sequences: Sequence[Mapping[str, Any]]


def copy_script(
    database: Database,
    plan: CopyPlan,
    figures: SourceFigures,
    treat: Callable[[Storage, list[str]], list[str]],
    ledger: str,
) -> Iterator[str]:
    """Yield the statements that create a copy of the database, each with its semicolon.

    Args:
        figures: A table without rows is not read.
        treat: Called with the rows of each page. Returns the rows to write.
        ledger: Name of the ledger. The target may have an empty one: wrangler leaves it behind if its first file fails.

    Raises:
        ApiError: The database cannot be read.
        ConfigError: The rows of a table cannot be read in order.
    """
    yield from (
        "PRAGMA foreign_keys = OFF;",
        "PRAGMA defer_foreign_keys = ON;",
    )  # one works in a transaction, one outside
    yield from _drop_empty(ledger)
    pieces = pieces_table_name(item.name for item in plan.objects)
    yield create_pieces_table(pieces)
    yield from (item.statement for item in plan.objects if item.type != "trigger")
    filled = [storage for storage in plan.row_tables if figures.row_counts.get(storage.table, 1)]
    for storage, rows in TableReader(database).read_tables(filled, figures.row_counts):
        yield from insert_statements(storage, treat(storage, rows), pieces)
    for storage in plan.storages:
        if storage.rows is RowSource.EXTERNAL_CONTENT:
            yield from _index_rows(database, storage)
    for storage in plan.full_text_tables:
        yield from full_text_statements(storage, database.read(full_text_options_sql(storage)))
    yield from sequence_statements(plan.counting_tables, figures.sequences)
    yield from (item.statement for item in plan.objects if item.type == "trigger")
    yield "PRAGMA defer_foreign_keys = OFF;"  # forgets violations of this transaction: the source has the same
    yield "PRAGMA foreign_keys = ON;"
    yield f"DROP TABLE {quoted(pieces)};"


def _drop_empty(ledger: str) -> Iterator[str]:
    """Drop a table that may be missing. Fails if it has rows."""
    table = quoted(ledger)
    yield f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, name, applied_at);"
    yield f"INSERT INTO {table} (rowid) SELECT rowid FROM {table};"
    yield f"DROP TABLE {table};"


def _index_rows(database: Database, storage: Storage) -> Iterator[str]:
    """Fill an FTS5 index over another table's rows: with all of them, or with those that the source indexes."""
    if not storage.lists_rows or _indexes_every_row(database, storage):
        yield rebuild_statement(storage)
        return
    table, columns = quoted(storage.table), ", ".join((storage.rowid, *map(quoted, storage.columns)))
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
