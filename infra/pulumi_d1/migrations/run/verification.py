"""Compare the database with the rehearsal after the last file: its schema, and its rows as far as they are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.rehearsal.counts import CountQuery, count_rows
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.finding import format_rows
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import ChangeKind, difference
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal
    from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
    from pulumi_d1.sqlite.schema import Schema

_DIFFERENCES: Final[dict[ChangeKind, str]] = {
    ChangeKind.ADDED: "exists, but no file creates it",
    ChangeKind.REMOVED: "is missing",
    ChangeKind.CHANGED: "differs from what the files create",
}
_DOES: Final = {"DELETE": "deletes rows of it", "DROP_TABLE": "drops it"}


@dataclass(frozen=True, slots=True)
class ExpectedResult:
    """The database that a run leaves if all goes well.

    Attributes:
        schema: The schema without the ledger; None if there was no complete rehearsal.
        rows: The number of rows that a table has at least, by folded name, of the tables that the files change.
        causes: What the files do to the rows of these tables.
    """

    schema: Schema | None
    rows: Mapping[str, int]
    causes: Mapping[str, str]


def expect_result(database: Database, rehearsal: Rehearsal | None, options: RehearsalOptions) -> ExpectedResult:
    """Return the expected result of a run. Read the database if the rehearsal had only a sample of its rows.

    Raises:
        ApiError: The rows cannot be counted.
    """
    if rehearsal is None:
        return ExpectedResult(None, {}, {})
    expected = None if rehearsal.undecided or rehearsal.over_budget else rehearsal.after
    match rehearsal.basis.kind:
        case BasisKind.LIVE:
            rows = dict(rehearsal.rows)
        case BasisKind.SAMPLE:
            rows = _count(database, _kept_tables(rehearsal), options.max_rows)
        case _:
            rows = {}
    return ExpectedResult(expected, rows, {table: _cause(rehearsal, table) for table in rows})


def find_differences(
    expected: ExpectedResult, database: Database, now: LiveDatabase, table: str, options: RehearsalOptions
) -> tuple[str, ...]:
    """Return a line for each difference between a database and its expected result.

    Args:
        expected: The expected result, from before the run.
        now: Its ledger and schema after the run.

    Raises:
        ApiError: Rows cannot be counted.
        SqlError: The local SQLite cannot create the schema.
    """
    actual = schema.read(schema.build(now.objects)).without(table)
    changes = difference(expected.schema, actual) if expected.schema else ()
    lines = [f"{change.type} {change.name} {_DIFFERENCES[change.kind]}" for change in changes]
    remaining = [name for name in expected.rows if name in actual.columns]
    counted = _count(database, remaining, max(options.max_rows, *expected.rows.values())) if remaining else {}
    lines += (
        f"table {name} has {format_rows(number)}, and {expected.rows[name]:,} are expected; {expected.causes[name]}"
        for name, number in counted.items()
        if number < expected.rows[name]
    )
    return tuple(lines)


def _kept_tables(rehearsal: Rehearsal) -> list[str]:
    """Return the live tables that the files change, and of which the rehearsal lost no row."""
    fates = [fate for file in rehearsal.files for fate in file.fates]
    lossy = {fate.start for fate in fates if fate.missing}
    deleted = {name for file in rehearsal.files for step in file.steps for name in step.count("DELETE", indirect=False)}
    kept = {fate.start for fate in fates if fate.end == fate.start} - lossy - deleted
    return [name for name in rehearsal.before.tables if fold(name) in kept]


def _count(database: Database, tables: Sequence[str], most: int) -> dict[str, int]:
    """Return the number of rows of each table by its folded name. A table with more than its share has none."""
    if not tables:
        return {}
    queries = [CountQuery(table, most // len(tables) + 1) for table in tables]
    counts = count_rows(database, queries)
    return {fold(query.table): number for query, number in counts.items() if number < query.most}


def _cause(rehearsal: Rehearsal, table: str) -> str:
    """Return what the files do to the rows of a table, or that no file is the cause."""
    for file in rehearsal.files:
        for step in file.steps:
            for action in step.actions:
                if fold(action.name) == table and (does := _DOES.get(action.verb)):
                    return f"{file.migration.name} {does} in line {step.statement.line}"
            if any(table in step.count("DELETE", indirect=indirect) for indirect in (False, True)):
                return f"{file.migration.name} deletes rows of it in line {step.statement.line}"
    return "no file deletes any, so someone else did"
