"""Record an engine's results for a case as lines of text, to compare two engines by text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tests.support.sqlite.corpus import Batch

if TYPE_CHECKING:
    from tests.support.sqlite.corpus import Case

# Without rootpage, which is internal to SQLite, and without the service's own tables.
_SCHEMA: Final = """
    SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE substr(name, 1, 4) <> '_cf_' ORDER BY type, name
"""


class Refused(Exception):
    """An engine refused a batch; the message is its text."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one statement, in the JSON values of the service's answers.

    Attributes:
        columns: Names of the columns.
        rows: Lists as long as `columns`.
        changes: Number of changed rows.
        last_row_id: Rowid of the last insert on the connection.
        rows_read: Number of rows that the engine counted as read.
        size: Size of the database in bytes.
    """

    columns: list[str]
    rows: list[list[Any]]
    changes: int
    last_row_id: int
    rows_read: int = 0
    size: int = 0


Database: TypeAlias = Callable[[Batch], list[Result]]
"""Runs a batch in one transaction. If it raises Refused, nothing has changed."""


def record(database: Database, case: Case) -> list[str]:
    """Run a case on an empty database.

    Returns:
        The result of each statement or the error of its batch, then the schema and the rows of every table.

    Raises:
        Refused: The preparation of the case was refused, which is a mistake in the corpus.
    """
    if case.prepare:
        database(case.prepare)
    lines = [line for batch in case.batches for line in _outcome(database, batch)]
    return lines + _content(database)


def _outcome(database: Database, batch: Batch) -> list[str]:
    try:
        results = database(batch)
    except Refused as refusal:
        return [f"error {refusal}"]
    return [line for result in results for line in _result(result)]


def _result(result: Result) -> list[str]:
    head = f"columns {_json(result.columns)} changes {result.changes} last_row_id {result.last_row_id}"
    return [head, *(f"  row {_json(row)}" for row in result.rows)]


def _content(database: Database) -> list[str]:
    [schema] = database(({"sql": _SCHEMA},))
    lines = [f"schema {_json(row)}" for row in schema.rows]
    for kind, name, *_ in schema.rows:
        if kind == "table":
            lines += [f"table {name}", *_table(database, name)]
    return lines


def _table(database: Database, name: str) -> list[str]:
    """Return the rows of a table. quote() distinguishes 1 from 1.0 and keeps all digits, unlike the service's JSON."""
    table = _quoted(name)
    try:
        [info] = database(({"sql": f"SELECT * FROM {table} LIMIT 0"},))
        values = ", ".join(f"quote({_quoted(column)})" for column in info.columns)
        [content] = database(({"sql": f"SELECT {values} FROM {table}"},))
    except Refused as refusal:
        return [f"  error {refusal}"]
    return [f"  {' | '.join(row)}" for row in content.rows]


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _json(value: Any) -> str:
    return json.dumps(value)
