"""What an ADD COLUMN is refused for as soon as its table has a row. SQLite says so: it is tried on a table with one."""

from __future__ import annotations

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.altered import Part, altered
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from pulumi_d1.sqlite.statements import quoted

_ONLY_WHEN_EMPTY = ("Cannot add ", "cannot add ")  # alter.c; other errors are about columns that are missing here


def needs_empty(sql: str, table: str) -> str:
    """D1's error for an ADD COLUMN on a table with rows, or "" where there is none.

    Args:
        sql: one statement that an empty table lets through.
        table: that it alters.
    """
    change = altered(sql)
    if change is None or change.part is not Part.ADDED_COLUMN:
        return ""
    connection = open_database(":memory:")
    try:
        run_script(connection, f"CREATE TABLE {quoted(table)} AS SELECT 1 AS ''")
        run_script(connection, sql)
    except SqlError as error:
        return str(error) if str(error).startswith(_ONLY_WHEN_EMPTY) else ""
    return ""
