"""The schema of a database as values, and a database from such values: without rows, under D1's rules."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.authorizer import is_open_name
from pulumi_d1.sqlite.sandbox import open_database, trusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SELECT: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
"""Reads the schema of a database, the service's own tables included."""

_TEMPORARY: Final = ""  # as SQLite names it: in memory, until it outgrows its cache, as the rows of a bulk load do
_SHADOWS: Final = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'"
_COLUMNS: Final = """
    SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
    FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid
"""
_REFERRING: Final = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%references%' ORDER BY name"
_FOREIGN_KEYS: Final = """
    SELECT "table", group_concat("from", char(0)), on_delete FROM pragma_foreign_key_list(?) GROUP BY id ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: as it was written.
        type: as it was written; empty where there is none.
        not_null: whether NULL is refused.
        default: SQL text of the default; None where there is none.
        primary_key: 1-based place in the primary key; 0 outside of it.
        generated: whether it is computed from the others.
    """

    name: str
    type: str
    not_null: bool
    default: str | None
    primary_key: int
    generated: bool

    def __str__(self) -> str:
        """The column's definition, as far as these values tell it: `TEXT NOT NULL DEFAULT ''`."""
        parts = (
            self.type,
            "PRIMARY KEY" if self.primary_key else "",
            "NOT NULL" if self.not_null else "",
            "" if self.default is None else f"DEFAULT {self.default}",
            "GENERATED" if self.generated else "",
        )
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key.

    Attributes:
        child: the table that has it.
        parent: the table that it points at.
        columns: of the child.
        on_delete: CASCADE, SET NULL, SET DEFAULT, RESTRICT or NO ACTION.
    """

    child: str
    parent: str
    columns: tuple[str, ...]
    on_delete: str


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """A table, index, trigger or view.

    Attributes:
        type: `table`, `index`, `trigger` or `view`.
        name: of it.
        table: that it belongs to; its own name for tables and views.
        sql: the CREATE statement, as SQLite keeps it.
    """

    type: str
    name: str
    table: str
    sql: str

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual table, such as FTS5."""
        return self.sql.startswith("CREATE VIRTUAL TABLE ")  # SQLite keeps the beginning in its own spelling (vtab.c)

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it: SQLite's names are the same in any case."""
        return self.type, self.name.lower()


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a database, without what belongs to SQLite, to the service, or to a virtual table.

    Attributes:
        objects: by key, in the order in which they were made.
        columns: of each table, by its name in lower case.
    """

    objects: Mapping[tuple[str, str], SchemaObject]
    columns: Mapping[str, tuple[Column, ...]]

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables, as they were written."""
        return tuple(item.name for item in self.objects.values() if item.type == "table")

    def without(self, table: str) -> Schema:
        """The schema without `table` and what belongs to it."""
        kept = {key: item for key, item in self.objects.items() if item.table.lower() != table.lower()}
        return Schema(kept, {name: columns for name, columns in self.columns.items() if name != table.lower()})


def objects_from(rows: Iterable[Mapping[str, str]]) -> tuple[SchemaObject, ...]:
    """What SELECT gave, without what nobody can create: SQLite's own tables, and the service's."""
    return tuple(
        SchemaObject(row["type"], row["name"], row["tbl_name"], row["sql"])
        for row in rows
        if is_open_name(row["name"]) and not row["name"].lower().startswith("sqlite_")
    )


def rebuilt(objects: Iterable[SchemaObject]) -> apsw.Connection:
    """A database of its own with this schema and no rows.

    Raises:
        SqlError: this SQLite can't make one of the objects; the message names it.
    """
    connection = open_database(_TEMPORARY)
    made: set[str] = set()
    with trusted(connection):
        connection.execute("BEGIN")
        for item in sorted(objects, key=_makes_order):
            # A virtual table makes its own shadow tables, which the schema lists too.
            if item.type == "table" and item.name.lower() in made:
                continue
            try:
                connection.execute(item.sql, can_cache=False)
            except apsw.Error as error:
                raise SqlError(f"the {item.type} {item.name} can't be rebuilt here: {error}") from error
            if item.is_virtual:
                made = {name.lower() for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        connection.execute("COMMIT")
    return connection


def made_by(statements: Iterable[str]) -> apsw.Connection:
    """A database in memory with what these statements make of nothing; those that fail are left out."""
    connection = open_database(":memory:")
    with trusted(connection):
        connection.execute("BEGIN")
        for statement in statements:
            with suppress(apsw.Error):
                connection.execute(statement, can_cache=False)
        connection.execute("COMMIT")
    return connection


def table_names(connection: apsw.Connection) -> frozenset[str]:
    """Names of all tables of an open database, in lower case."""
    with trusted(connection):
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'", can_cache=False)
        return frozenset(str(name).lower() for (name,) in rows)


def columns(connection: apsw.Connection, table: str) -> tuple[str, ...]:
    """Names of the columns of a table that hold values, in lower case; none where there is no such table."""
    with trusted(connection):
        rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,), can_cache=False)
        return tuple(str(name).lower() for (name,) in rows)


def read(connection: apsw.Connection) -> Schema:
    """The schema of an open database."""
    with trusted(connection):
        rows = list(connection.execute(SELECT, can_cache=False))
        details = list(connection.execute(_COLUMNS, can_cache=False))
        shadows = {str(name).lower() for (name,) in connection.execute(_SHADOWS, can_cache=False)}
    listed = objects_from(dict(zip(("type", "name", "tbl_name", "sql"), row, strict=True)) for row in rows)
    objects = [item for item in listed if item.table.lower() not in shadows]
    columns: dict[str, tuple[Column, ...]] = {item.name.lower(): () for item in objects if item.type == "table"}
    for table, name, type_, not_null, default, primary_key, hidden in details:
        if (key := str(table).lower()) in columns and hidden != 1:  # 1 is a virtual table's hidden column
            columns[key] += (Column(name, type_, bool(not_null), default, primary_key, hidden > 1),)
    return Schema({item.key: item for item in objects}, columns)


def foreign_keys(
    connection: apsw.Connection, known: dict[tuple[str, str], tuple[ForeignKey, ...]]
) -> tuple[ForeignKey, ...]:
    """Every foreign key of an open database.

    Args:
        connection: the database.
        known: those of tables that were read before, by name and text of the table; what is read is added.
    """
    found: list[ForeignKey] = []
    with trusted(connection):
        for row in connection.execute(_REFERRING, can_cache=False).fetchall():
            name, sql = map(str, row)
            if (name, sql) not in known:
                rows = (map(str, row) for row in connection.execute(_FOREIGN_KEYS, (name,), can_cache=False))
                known[name, sql] = tuple(
                    ForeignKey(name, parent, tuple(columns.split("\0")), action) for parent, columns, action in rows
                )
            found += known[name, sql]
    return tuple(found)


def _makes_order(item: SchemaObject) -> tuple[int, bool]:
    """Virtual tables first, for their shadow tables; then what the others stand on."""
    return ("table", "index", "view", "trigger").index(item.type), not item.is_virtual
