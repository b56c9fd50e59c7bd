"""Read the schema of a database as values, and create databases without rows from such values."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.names import fold, is_internal_name
from pulumi_d1.sqlite.sandbox import open_database, trusted
from pulumi_d1.sqlite.statements import comments, is_terminated, quoted, tokens, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

SELECT: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
"""The query that reads a schema, including the service's own tables."""

_TYPES: Final = ("table", "index", "view", "trigger")
"""The types of objects, in the order in which they can be created."""

_TEMPORARY: Final = ""  # SQLite keeps it in memory until it outgrows the cache, for example with a bulk load
_SHADOWS: Final = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'"
_COLUMNS: Final = """
    SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
    FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table'{} ORDER BY m.name, c.cid
"""
_OF_TABLES: Final = " AND lower(tbl_name) IN (SELECT value FROM json_each(?))"
_VIEWS: Final = "SELECT name FROM sqlite_schema WHERE type = 'view'"
_VIEW_COLUMNS: Final = "SELECT name, type FROM pragma_table_info(?)"
_INDEXED: Final = """
    SELECT m.name AS "table", i.seqno AS place, i.name AS "column", l.name AS "index"
    FROM sqlite_schema m, pragma_index_list(m.name) l, pragma_index_info(l.name) i
    WHERE m.type = 'table' AND NOT l.partial
    UNION ALL SELECT m.name, 0, c.name, '' FROM sqlite_schema m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND c.pk = 1
    ORDER BY "table", "index", place
"""
_INDEXES_OF: Final = """
    SELECT i.name AS name, i."unique", i.partial, x.cid, x.coll, x.seqno AS place
    FROM pragma_index_list(?1) i, pragma_index_xinfo(i.name) x WHERE x.key
    UNION ALL SELECT '', 1, 0, cid, 'BINARY', pk FROM pragma_table_info(?1) WHERE pk
    ORDER BY name, place
"""
_EXPRESSION: Final = -2  # instead of the number of a column
_REFERRING: Final = """
    SELECT name, sql FROM sqlite_schema
    WHERE type = 'table' AND (? = '' OR instr(lower(sql), ?)) AND sql LIKE '%references%' ORDER BY name
"""
_FOREIGN_KEYS: Final = """
    SELECT "table", group_concat("from", char(0)), ifnull(group_concat("to", char(0)), ''), on_delete, on_update
    FROM pragma_foreign_key_list(?) GROUP BY id ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        type: The type as written; empty if there is none.
        default: SQL text of the default; None if there is none.
        primary_key: 1-based position in the primary key; 0 if the column is not part of it.
    """

    name: str
    type: str
    not_null: bool
    default: str | None
    primary_key: int
    generated: bool

    def __str__(self) -> str:
        """Return the definition without the name: `TEXT NOT NULL DEFAULT ''`."""
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
        child: The table that has the foreign key.
        parent_columns: The columns that it names in the parent; empty if it names none, which means the primary key.
        on_delete: CASCADE, SET NULL, SET DEFAULT, RESTRICT or NO ACTION.
        on_update: One of these.
    """

    child: str
    parent: str
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]
    on_delete: str
    on_update: str


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """A table, index, trigger or view.

    Attributes:
        type: `table`, `index`, `trigger` or `view`.
        table: The table that it belongs to; its own name for tables and views.
        sql: The CREATE statement as SQLite stores it. An open comment at the end of an index or view is closed.
    """

    type: str
    name: str
    table: str
    sql: str

    @property
    def statement(self) -> str:
        """The CREATE statement with its semicolon, on a line of its own if a comment ends the text."""
        return f"{self.sql};" if is_terminated(f"{self.sql};") else f"{self.sql}\n;"

    @property
    def is_virtual(self) -> bool:
        """True if this is a virtual table, such as FTS5."""
        return self.sql.startswith("CREATE VIRTUAL TABLE ")  # SQLite normalizes this prefix (vtab.c)

    @property
    def is_unique_index(self) -> bool:
        """True if this is a UNIQUE index."""
        return self.type == "index" and tokens(self.sql)[1] == "unique"

    @property
    def key(self) -> tuple[str, str]:
        """Type and folded name: SQLite compares names without regard to the case of ASCII letters."""
        return self.type, fold(self.name)


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a database, without the internal tables of SQLite, of the service and of virtual tables.

    Attributes:
        objects: The objects by key, in order of creation.
        columns: The columns of each table, by its folded name.
    """

    objects: Mapping[tuple[str, str], SchemaObject]
    columns: Mapping[str, tuple[Column, ...]]

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables, as written."""
        return tuple(item.name for item in self.objects.values() if item.type == "table")

    def without(self, table: str) -> Schema:
        """Return the schema without `table`, its indexes and its triggers."""
        kept = {key: item for key, item in self.objects.items() if fold(item.table) != fold(table)}
        return Schema(kept, {name: columns for name, columns in self.columns.items() if name != fold(table)})


def objects_from(rows: Iterable[Mapping[str, Any]]) -> tuple[SchemaObject, ...]:
    """Return the objects in the rows of SELECT, without SQLite's own tables and the service's.

    Raises:
        SqlError: A row is not of SELECT.
    """
    return tuple(item for item in map(_object_from, rows) if not is_internal_name(item.name))


def _object_from(row: Mapping[str, Any]) -> SchemaObject:
    texts = [row[column] for column in ("type", "name", "tbl_name", "sql")]
    if not all(isinstance(text, str) for text in texts) or texts[0] not in _TYPES:
        raise SqlError("the schema was not read: an object in it has no known type, or no name, table or SQL text")
    kind, name, table, sql = texts
    sql = sql.rstrip()  # blanks stay after a comment at the end of an index
    if "/*" in sql and any(comment.is_open for comment in comments(sql)):
        sql += "*/"
    return SchemaObject(kind, name, table, sql)


def build(objects: Iterable[SchemaObject]) -> apsw.Connection:
    """Create a temporary database with this schema and no rows.

    Raises:
        SqlError: This SQLite cannot create one of the objects. The message names it.
    """
    connection = open_database(_TEMPORARY)
    created: set[str] = set()
    with trusted(connection):
        connection.execute("BEGIN")
        for item in sorted(objects, key=_creation_order):
            # A virtual table creates its own shadow tables. The schema lists them too.
            if item.type == "table" and fold(item.name) in created:
                continue
            try:
                connection.execute(item.sql, can_cache=False)
            except apsw.Error as error:
                raise SqlError(f"the {item.type} {item.name} cannot be created in the local SQLite: {error}") from error
            if item.is_virtual:
                created = {fold(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        connection.execute("COMMIT")
    return connection


def build_from_statements(statements: Iterable[str]) -> apsw.Connection:
    """Create a database in memory from statements. Skip those that fail."""
    connection = open_database(":memory:")
    with trusted(connection):
        connection.execute("BEGIN")
        for statement in statements:
            with suppress(apsw.Error):
                connection.execute(statement, can_cache=False)
        connection.execute("COMMIT")
    return connection


def table_names(connection: apsw.Connection) -> frozenset[str]:
    """Return the folded names of all tables."""
    with trusted(connection):
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'", can_cache=False)
        return frozenset(fold(str(name)) for (name,) in rows)


def column_names(connection: apsw.Connection, table: str) -> tuple[str, ...]:
    """Return the folded names of a table's columns, without generated ones; none if there is no such table."""
    with trusted(connection):
        rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,), can_cache=False)
        return tuple(fold(str(name)) for (name,) in rows)


def read(connection: apsw.Connection, tables: Collection[str] | None = None) -> Schema:
    """Read the schema of an open database.

    Args:
        tables: Folded names of the only tables to read; None for all.
    """
    only = "" if tables is None else _OF_TABLES
    values = () if tables is None else (json.dumps(sorted(tables)),)
    with trusted(connection):
        rows = list(connection.execute(SELECT + only, values, can_cache=False))
        details = list(connection.execute(_COLUMNS.format(only), values, can_cache=False))
        shadows = {fold(str(name)) for (name,) in connection.execute(_SHADOWS, can_cache=False)}
    listed = objects_from(dict(zip(("type", "name", "tbl_name", "sql"), row, strict=True)) for row in rows)
    objects = [item for item in listed if fold(item.table) not in shadows]
    columns: dict[str, tuple[Column, ...]] = {fold(item.name): () for item in objects if item.type == "table"}
    for table, name, type_, not_null, default, primary_key, hidden in details:
        if (key := fold(str(table))) in columns and hidden != 1:  # 1 is a virtual table's hidden column
            columns[key] += (Column(name, type_, bool(not_null), default, primary_key, hidden > 1),)
    return Schema({item.key: item for item in objects}, columns)


def view_columns(connection: apsw.Connection) -> dict[str, tuple[Column, ...]]:
    """Return the columns of each view, by its name. A view that cannot be read has none."""
    columns: dict[str, tuple[Column, ...]] = {}
    with trusted(connection):
        for (name,) in connection.execute(_VIEWS, can_cache=False).fetchall():
            try:
                rows = connection.execute(_VIEW_COLUMNS, (name,), can_cache=False).fetchall()
            except apsw.SQLError:
                rows = []  # its query needs an object that is gone
            columns[str(name)] = tuple(
                Column(str(column), str(type_), not_null=False, default=None, primary_key=0, generated=False)
                for column, type_ in rows
            )
    return columns


def foreign_keys(
    connection: apsw.Connection, known: dict[tuple[str, str], tuple[ForeignKey, ...]], parent: str = ""
) -> tuple[ForeignKey, ...]:
    """Return the foreign keys of an open database.

    Args:
        known: Foreign keys that were read before, by name and SQL text of the table. Those read now are added.
        parent: The folded name of a table, for the keys that reference it; empty for all keys.
    """
    keys: list[ForeignKey] = []
    named = "" if '"' in parent else parent  # a quote is doubled in SQL
    with trusted(connection):
        for row in connection.execute(_REFERRING, (named, named), can_cache=False).fetchall():
            name, sql = map(str, row)
            if (name, sql) not in known:
                rows = (map(str, row) for row in connection.execute(_FOREIGN_KEYS, (name,), can_cache=False))
                known[name, sql] = tuple(
                    ForeignKey(name, target, tuple(of.split("\0")), tuple(filter(None, to.split("\0"))), *actions)
                    for target, of, to, *actions in rows
                )
            keys += (key for key in known[name, sql] if not parent or fold(key.parent) == parent)
    return tuple(keys)


def foreign_keys_of(schema: Schema) -> tuple[ForeignKey, ...]:
    """Return the foreign keys of a schema."""
    tables = (item.sql for item in schema.objects.values() if item.type == "table" and not item.is_virtual)
    connection = build_from_statements(tables)
    try:
        return foreign_keys(connection, {})
    finally:
        connection.close()


def keys_without_index(connection: apsw.Connection) -> tuple[ForeignKey, ...]:
    """Return the foreign keys whose columns are, in any order, not the first ones of an index or primary key."""
    indexes: dict[str, list[list[str]]] = {}
    with trusted(connection):
        for table, place, column, _ in connection.execute(_INDEXED, can_cache=False).fetchall():
            starts = indexes.setdefault(fold(str(table)), [])
            if place == 0:
                starts.append([])
            starts[-1].append(fold(str(column)))
    return tuple(
        key
        for key in foreign_keys(connection, {})
        if not any(
            set(index[: len(key.columns)]) == set(map(fold, key.columns)) for index in indexes.get(fold(key.child), [])
        )
    )


@dataclass(slots=True)
class _Index:
    """An index of a table, or its primary key.

    Attributes:
        definition: The tokens after the table's name; empty if a constraint created the index.
        columns: Number and collation of each column.
    """

    definition: tuple[str, ...]
    unique: bool
    partial: bool
    columns: list[tuple[int, str]] = field(default_factory=list)

    def replaces(self, other: _Index) -> bool:
        """Return whether this index does everything that another one does."""
        if self.definition and self.definition == other.definition:
            return self.unique or not other.unique
        if self.partial or any(column == _EXPRESSION for column, _ in self.columns):
            return False
        if other.unique:  # values that differ under any collation differ as bytes too
            known = {*other.columns}
            return self.unique and all({(column, name), (column, "BINARY")} & known for column, name in self.columns)
        return self.columns[: len(other.columns)] == other.columns


def lacking_indexes(objects: Collection[SchemaObject], indexes: Iterable[SchemaObject]) -> tuple[SchemaObject, ...]:
    """Return the indexes that a table could have, but of which it has neither one nor another that does the same.

    Args:
        objects: The table and its indexes.
        indexes: Indexes of the table. Their SQL texts may have an earlier name of the table.
    """
    definitions = {fold(item.name): tokens(_definition(item.sql)) for item in objects if item.type == "index"}
    with closing(build(objects)) as connection, trusted(connection):
        return tuple(index for index in indexes if _lacks(connection, index, definitions))


def _lacks(connection: apsw.Connection, index: SchemaObject, definitions: Mapping[str, tuple[str, ...]]) -> bool:
    definition = _definition(index.sql)
    unique = "UNIQUE " if index.is_unique_index else ""
    sql = f"CREATE {unique}INDEX {quoted(index.name)} ON {quoted(index.table)} {definition}"
    connection.execute("BEGIN", can_cache=False)
    try:
        connection.execute(sql, can_cache=False)
        rows = connection.execute(_INDEXES_OF, (index.table,), can_cache=False).fetchall()
    except apsw.SQLError:
        return False  # its columns are gone
    finally:
        connection.execute("ROLLBACK", can_cache=False)
    known = {**definitions, fold(index.name): tokens(definition)}
    indexes: dict[str, _Index] = {}
    for name, is_unique, partial, column, collation, _ in rows:
        key = fold(str(name))
        item = indexes.setdefault(key, _Index(known.get(key, ()), is_unique == 1, partial == 1))
        item.columns.append((int(str(column)), str(collation).upper()))
    lost = indexes.pop(fold(index.name))
    return not any(other.replaces(lost) for other in indexes.values())


def _definition(sql: str) -> str:
    """Return the text after the table's name in a CREATE INDEX."""
    return next(sql[word.start :] for word in words(sql) if word.text == "(" and not word.is_quoted)


def _creation_order(item: SchemaObject) -> tuple[int, bool]:
    """Sort virtual tables first, because of their shadow tables, and each object after those that it needs."""
    return _TYPES.index(item.type), not item.is_virtual
