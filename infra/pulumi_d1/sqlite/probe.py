"""Questions about one statement that SQLite itself answers, by running a part of it on an empty database in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from pulumi_d1.sqlite.statements import clause, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.sqlite.schema import SchemaObject

# From SQLite's alter.c. Any other error is about columns that the table of the probe does not have.
_ONLY_WHEN_EMPTY = ("Cannot add ", "cannot add ")


def affects_every_row(sql: str) -> bool:
    """Return whether a DELETE or UPDATE has no WHERE, or one that is true without looking at a row."""
    condition = _condition(sql)
    if condition is None:
        return True
    connection = apsw.Connection(":memory:")
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)  # otherwise a column in double quotes is a string
    try:
        rows = connection.execute(f"SELECT 1 WHERE {condition}").fetchall()
    except apsw.Error:  # it names a column, a table or a parameter, so it depends on the row
        return False
    return bool(rows)


def has_condition(sql: str) -> bool:
    """Return whether a DELETE or UPDATE has a WHERE."""
    return _condition(sql) is not None


def _condition(sql: str) -> str | None:
    return clause(sql, "where", ends=("returning", "order", "limit"))


def failing_statements(objects: Iterable[SchemaObject], statements: Iterable[str]) -> frozenset[str]:
    """Return the statements that fail on a database with this schema even without rows.

    Raises:
        SqlError: This SQLite cannot create one of the objects.
    """
    connection = schema.build(objects)
    failing: set[str] = set()
    for statement in statements:
        try:
            connection.execute(statement, can_cache=False)
        except apsw.Error:
            failing.add(statement)
    return frozenset(failing)


def empty_table_error(sql: str, table: str) -> str:
    """Return D1's error for an ADD COLUMN that only an empty table accepts, or "" if any table accepts it.

    Args:
        sql: One statement that runs without an error on an empty table.
    """
    change = parse_alter_table(sql)
    if change is None or change.kind is not AlterKind.ADD_COLUMN:
        return ""
    connection = open_database(":memory:")
    try:
        run_script(connection, f"CREATE TABLE {quoted(table)} AS SELECT 1 AS ''")
        run_script(connection, sql)
    except SqlError as error:
        return str(error) if str(error).startswith(_ONLY_WHEN_EMPTY) else ""
    return ""
