"""The schema and the rows of a local database, as far as later statements can see them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.tables.literal import SEPARATOR, join_sql, literal_sql
from pulumi_d1.tables.plan import SEQUENCES_SQL, full_text_options_sql, plan_copy
from pulumi_d1.tables.reader import copied_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import apsw

    from pulumi_d1.sqlite.schema import Schema
    from pulumi_d1.sqlite.storage import Storage

_INDEXED: Final = "SELECT id FROM {} ORDER BY id"
_TERMS: Final = "temp.squashed_terms"


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything in a database but its ledger.

    Attributes:
        storages: The tables, in order of creation.
        rows: The rows of each table that stores its own, as `join_sql` writes them, in the order of the key.
        sequences: The literal of the last id of each table with AUTOINCREMENT.
        indexed: The ids of the rows of each full-text index, if it lists them, and the places of its terms.
        options: The options of each full-text index.
    """

    schema: Schema
    storages: tuple[Storage, ...]
    rows: Mapping[str, Sequence[str]]
    sequences: Mapping[str, str]
    indexed: Mapping[str, Sequence[object]]
    options: Mapping[str, Sequence[Mapping[str, Any]]]

    def differences(self, other: Contents) -> Iterator[str]:
        """Yield a sentence for each difference of another database."""
        mine, theirs = self.schema.objects, other.schema.objects
        for key in {**mine, **theirs}:
            if mine.get(key) != theirs.get(key):
                yield f"{' '.join(key)} is not the same"
        for parts, what in (
            ((self.rows, other.rows), "rows"),
            ((self.sequences, other.sequences), "next id"),
            ((self.indexed, other.indexed), "indexed rows"),
            ((self.options, other.options), "options"),
        ):
            first, second = parts
            yield from (
                f"table {name} has other {what}" for name in {**first, **second} if first.get(name) != second.get(name)
            )


def read_contents(connection: apsw.Connection, table: str) -> Contents:
    """Read a database.

    Args:
        table: The ledger, which is left out.
    """
    now = schema.read(connection).without(table)
    plan = plan_copy(tuple(now.objects.values()))
    with trusted(connection):
        return Contents(
            now,
            plan.storages,
            {storage.table: tuple(_rows(connection, storage)) for storage in plan.row_tables},
            {
                str(row["name"]): str(row["seq"])
                for row in (_read(connection, SEQUENCES_SQL) if plan.counting_tables else ())
                if row["name"] in plan.counting_tables
            },
            {storage.table: tuple(_indexed(connection, storage)) for storage in plan.full_text_tables},
            {
                storage.table: sorted(_read(connection, full_text_options_sql(storage)), key=lambda row: row["name"])
                for storage in plan.full_text_tables
            },
        )


def numbered(storage: Storage, rows: Sequence[str]) -> tuple[Storage, Sequence[str]]:
    """Return a table and its rows without the rowids, if those are the ones that an INSERT in this order gives."""
    if not storage.rowid or not storage.columns or storage.module:
        return storage, rows
    cells = [row.split(SEPARATOR, 1) for row in rows]
    if any(rowid != str(number) for number, (rowid, _) in enumerate(cells, 1)):
        return storage, rows
    return replace(storage, rowid=""), [rest for _, rest in cells]


def literals(connection: apsw.Connection, expressions: Sequence[str]) -> dict[str, str]:
    """Return the literal of each expression without columns; those that fail on this database are left out."""
    found = {}
    for expression in expressions:
        with suppress(SqlError):
            [result] = run_script(connection, f"SELECT {literal_sql(f'({expression})')}")
            found[expression] = str(result.rows[0][0])
    return found


def _rows(connection: apsw.Connection, storage: Storage) -> Iterator[str]:
    columns = copied_columns(storage)
    keys = storage.order or storage.key
    order = f" ORDER BY {', '.join(keys)}" if keys else ""
    sql = f"SELECT {join_sql(list(map(literal_sql, columns)))} FROM {quoted(storage.table)}{order}"  # noqa: S608 - quoted
    yield from (str(text) for (text,) in connection.execute(sql, can_cache=False))


def _indexed(connection: apsw.Connection, storage: Storage) -> Iterator[object]:
    if storage.lists_rows:
        yield from connection.execute(_INDEXED.format(quoted(f"{storage.table}_docsize")), can_cache=False)
    connection.execute(f"CREATE VIRTUAL TABLE {_TERMS} USING fts5vocab('main', {quoted(storage.table)}, 'instance')")
    yield from connection.execute(f"SELECT * FROM {_TERMS}", can_cache=False)  # noqa: S608 - a constant
    connection.execute(f"DROP TABLE {_TERMS}")


def _read(connection: apsw.Connection, sql: str) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, can_cache=False)
    return [dict(zip((name for name, *_ in cursor.get_description()), row, strict=True)) for row in cursor]


def counted_rows(contents: Contents) -> dict[str, int]:
    """Return the number of rows of each table that has some."""
    return {name: len(rows) for name, rows in contents.rows.items() if rows}
