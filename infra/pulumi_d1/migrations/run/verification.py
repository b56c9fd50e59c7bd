"""Compare the database with the rehearsal after the last file, and check that it kept its rows.

Rows are counted in tables that a run drops, creates again, or reaches by a foreign key, if no statement is meant to
delete rows there. Elsewhere SQLite reports every DELETE, so a table without one cannot have lost rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.review.counts import CountQuery
from pulumi_d1.migrations.review.effects import EffectKind, find_effects
from pulumi_d1.migrations.review.lint.row_counts import format_rows
from pulumi_d1.migrations.review.review import row_counter
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import ChangeKind, difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.review.rehearsal import Rehearsal
    from pulumi_d1.sqlite.schema import Schema

_DELETE_ROWS: Final = frozenset({EffectKind.DROPPED, EffectKind.DELETED, EffectKind.FOREIGN_KEY})
_DIFFERENCES: Final[dict[ChangeKind, str]] = {
    ChangeKind.ADDED: "exists, but no file creates it",
    ChangeKind.REMOVED: "is missing",
    ChangeKind.CHANGED: "differs from what the files create",
}


@dataclass(frozen=True, slots=True)
class ExpectedResult:
    """The database that a run leaves if all goes well.

    Attributes:
        schema: The schema without the ledger; None if there was no rehearsal, or if it depends on rows.
        rows: The number of rows before the run, of each table that the run puts at risk.
    """

    schema: Schema | None
    rows: Mapping[CountQuery, int]


def expect_result(database: Database, rehearsal: Rehearsal | None) -> ExpectedResult:
    """Return the expected result of a run; read the database if rows must be counted.

    Raises:
        ApiError: They cannot be counted.
    """
    if rehearsal is None:
        return ExpectedResult(None, {})
    kept = {name.lower() for name in rehearsal.after.tables}
    counted = (_tables_at_risk(rehearsal) & kept) - _tables_meant_to_shrink(rehearsal)
    counts = [CountQuery(name) for name in rehearsal.before.tables if name.lower() in counted]
    return ExpectedResult(None if rehearsal.undecided else rehearsal.after, row_counter(database)(counts))


def find_differences(expected: ExpectedResult, database: Database, now: LiveDatabase, table: str) -> tuple[str, ...]:
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
    remaining = [count for count in expected.rows if count.table.lower() in actual.columns]
    for count, number in row_counter(database)(remaining).items():
        if number < expected.rows[count]:
            lines.append(
                f"table {count.table} has {format_rows(number)} and had {expected.rows[count]:,}; no file deletes any"
            )
    return tuple(lines)


def _tables_at_risk(rehearsal: Rehearsal) -> set[str]:
    """Return tables, in lower case, that are created, dropped, or changed by a foreign key of theirs."""
    steps = [step for file in rehearsal.files for step in file.steps]
    created = {name for step in steps if step.changed_schema for name in step.names("CREATE_TABLE")}
    dropped = {name for step in steps for name in step.names("DROP_TABLE")}
    reached = {key.child for step in steps for key in step.foreign_keys}
    return {name.lower() for name in created | dropped | reached}


def _tables_meant_to_shrink(rehearsal: Rehearsal) -> set[str]:
    """Return tables, in lower case, that lose all rows as lint reports, or some rows by a DELETE with WHERE."""
    effects = find_effects(rehearsal, each_file_alone=False)
    emptied = {effect.live_table for effect in effects if effect.kind in _DELETE_ROWS}
    steps = [step for file in rehearsal.files for step in file.steps if not step.names("DROP_TABLE")]
    thinned = {action.name for step in steps for action in step.actions if action.verb == "DELETE"}
    return {name.lower() for name in emptied | thinned}
