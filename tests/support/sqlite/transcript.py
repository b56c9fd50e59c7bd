"""What an engine makes of a case, as lines of text, so that two engines are compared by comparing text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tests.support.sqlite.corpus import Batch

if TYPE_CHECKING:
    from tests.support.sqlite.corpus import Case

# Without rootpage, which is where SQLite puts things, and without the service's own tables, which are not ours to have.
_SCHEMA: Final = """
    SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE substr(name, 1, 4) <> '_cf_' ORDER BY type, name
"""


class Refused(Exception):
    """An engine refused a batch; the message is its text."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one statement gave, in the JSON values of the service's answers.

    Attributes:
        columns: their names.
        rows: lists as wide as `columns`.
        changes: rows changed.
        last_row_id: rowid of the last insert on the connection.
    """

    columns: list[str]
    rows: list[list[Any]]
    changes: int
    last_row_id: int


Database: TypeAlias = Callable[[Batch], list[Result]]
"""Runs a batch in one transaction; raises Refused, and has changed nothing then."""


def record(database: Database, case: Case) -> list[str]:
    """Run a case on an empty database.

    Returns:
        the result of each statement or the error of its batch, then the schema and the rows of every table.

    Raises:
        Refused: what the case prepares was refused: a mistake in the corpus.
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
    """Read a table. quote() tells 1 from 1.0 and keeps all digits, which the service's JSON does not."""
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
