"""Find tables, views and triggers that stop working: what the code may run is tried on both schemas, without rows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import prepare_error
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.observe import OVER_BUDGET
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.sqlite.strings import without_strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import Column, Schema, SchemaObject


_STRING: Final = " - should this be a string literal in single-quotes?"


@dataclass(frozen=True, slots=True)
class Broken:
    """A failure after the migrations that was not there before.

    Attributes:
        uses: What fails, such as `UPDATE authors`.
        error: SQLite's error.
        file: 0-based index of the file that breaks it.
        step: 0-based index into the file's steps.
    """

    uses: tuple[str, ...]
    error: str
    file: int
    step: int

    @property
    def is_string(self) -> bool:
        """True if nothing fails, but a word in double quotes is a string now."""
        return _STRING in self.error


def find_broken(before: Iterable[SchemaObject], after: Schema, files: Sequence[Sequence[Step]]) -> tuple[Broken, ...]:
    """Return what fails on the schema after the migrations, and did not fail in the same way before.

    Args:
        before: The schema before them, the ledger included.
        after: The schema after them.
        files: The statements of each file.
    """
    if not any(step.changed_schema for steps in files for step in steps):
        return ()
    uses, connection = _uses(after), schema.build(after.objects.values())
    errors = {use: error for use, sql in uses.items() if (error := _error(connection, sql))}
    if not errors:
        return ()
    connection = schema.build(before)
    new = {use: error for use, error in errors.items() if _error(connection, uses[use]) != error}
    causes: dict[str, list[tuple[tuple[int, int], str]]] = {}
    places = _causes(connection, files, uses, new)
    for use, error in new.items():
        if use in places:
            causes.setdefault(error, []).append((places[use], use))
    # What fails in the same way has one cause, the first statement.
    return tuple(
        Broken(tuple(use for _, use in found), error, *min(place for place, _ in found))
        for error, found in causes.items()
    )


def _uses(after: Schema) -> Mapping[str, str]:
    """Return statements that use each table and view, with their triggers, keys and indexes, by what they do."""
    uses: dict[str, str] = {}
    with_triggers = {fold(item.table) for item in after.objects.values() if item.type == "trigger"}
    for item in after.objects.values():
        name, columns = quoted(item.name), after.columns.get(fold(item.name), ())
        if item.type == "view":
            uses[f"SELECT from {item.name}"] = f"SELECT * FROM {name}"  # noqa: S608 - quoted
        if item.type == "table" and not item.is_virtual:
            same = ", ".join(f"{column} = {column}" for column in (quoted(c.name) for c in columns if not c.generated))
            uses[f"UPDATE {item.name}"] = f"UPDATE {name} SET {same}"  # noqa: S608 - quoted
        if (item.type == "table" and not item.is_virtual) or (item.type == "view" and fold(item.name) in with_triggers):
            uses[f"INSERT INTO {item.name}"] = _insert(name, columns)
            uses[f"DELETE FROM {item.name}"] = f"DELETE FROM {name}"  # noqa: S608 - quoted
    return uses


def _insert(name: str, columns: Iterable[Column]) -> str:
    """Return an INSERT of a row with a 1 in the columns that need a value.

    Args:
        name: The table, quoted.
    """
    needed = [quoted(column.name) for column in columns if column.not_null and not column.generated]
    if not needed:
        return f"INSERT INTO {name} DEFAULT VALUES"
    return f"INSERT INTO {name} ({', '.join(needed)}) VALUES ({', '.join('1' for _ in needed)})"  # noqa: S608 - quoted


def _error(connection: apsw.Connection, sql: str) -> str:
    """Return SQLite's error for a statement; empty if it runs, or if it never could.

    If it can be prepared only with strings in double quotes, the error is about them.
    """
    error = str(prepare_error(connection, sql) or "")
    if not error:
        with without_strings(connection):
            error = str(prepare_error(connection, sql) or "")
    if error.startswith("cannot modify "):
        return ""
    return error or (_insert_error(connection, sql) if sql.startswith("INSERT ") else "")


def _insert_error(connection: apsw.Connection, sql: str) -> str:
    """Return SQLite's error for an INSERT that can be prepared; empty if it is about this one row.

    `date('now')` in an index or a CHECK is such an error. Without rows, nothing notices it before the next INSERT.
    """
    with trusted(connection), suppress(*OVER_BUDGET):
        connection.execute("BEGIN", can_cache=False)
    try:
        connection.execute(sql, can_cache=False)
    except apsw.SQLError as error:
        return str(error)
    except apsw.Error:  # a constraint, or a trigger that needs too much time or memory
        return ""
    finally:
        if connection.in_transaction:  # an interrupted statement has ended it
            with trusted(connection), suppress(*OVER_BUDGET):
                connection.execute("ROLLBACK", can_cache=False)
    return ""


def _causes(
    connection: apsw.Connection, files: Sequence[Sequence[Step]], uses: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, tuple[int, int]]:
    """Return the statement since which each use has its error.

    Args:
        connection: A database with the schema before the files, and no rows.
    """
    causes: dict[str, tuple[int, int]] = {}
    for number, steps in enumerate(files):
        for index, step in enumerate(steps):
            if not step.changed_schema:
                continue
            with trusted(connection), suppress(apsw.Error):  # it may need the rows that are not there
                connection.execute(step.statement.text, can_cache=False)
            for use, error in errors.items():
                if _error(connection, uses[use]) == error:
                    causes.setdefault(use, (number, index))
                else:
                    causes.pop(use, None)
    return causes
