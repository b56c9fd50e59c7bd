"""After the last file: is the database what the rehearsal made of it, and has it kept its rows?

Rows are counted where a table is dropped, made again, or reached by a foreign key, and no statement was meant to take
any. Elsewhere SQLite itself tells of every DELETE: a table without one can't have lost rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.migrations.review.counts import CountQuery
from pulumi_d1.migrations.review.effects import EffectKind, find_effects
from pulumi_d1.migrations.review.lint.row_counts import format_rows
from pulumi_d1.migrations.review.review import row_counter
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import ChangeKind, difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.migrations.review.rehearsal import Rehearsal
    from pulumi_d1.sqlite.schema import Schema

_TAKES_ROWS = frozenset({EffectKind.DROPPED, EffectKind.DELETED, EffectKind.FOREIGN_KEY})
_SHOULD: dict[ChangeKind, str] = {
    ChangeKind.ADDED: "is there, and no file made it",
    ChangeKind.REMOVED: "is not there",
    ChangeKind.CHANGED: "is not as the files make it",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """What a run leaves behind if all goes well.

    Attributes:
        schema: without the ledger; None where there was no rehearsal, or rows decide what it left out.
        rows: of each table that the run puts at risk, before it.
    """

    schema: Schema | None
    rows: Mapping[CountQuery, int]


def promise(database: Database, rehearsal: Rehearsal | None) -> Promise:
    """What the rehearsal promises. Reads the database where there are rows to count.

    Raises:
        ApiError: they can't be counted.
    """
    if rehearsal is None:
        return Promise(None, {})
    kept = {name.lower() for name in rehearsal.after.tables}
    counted = (_at_risk(rehearsal) & kept) - _meant_to_shrink(rehearsal)
    counts = [CountQuery(name) for name in rehearsal.before.tables if name.lower() in counted]
    return Promise(None if rehearsal.undecided else rehearsal.after, row_counter(database)(counts))


def broken(promised: Promise, database: Database, now: Live, table: str) -> tuple[str, ...]:
    """What the database has, or lacks, against the promise; a line each.

    Args:
        promised: from before the run.
        database: the database.
        now: read after the run.
        table: name of the ledger.

    Raises:
        ApiError: its rows can't be counted.
        SqlError: its schema can't be made here.
    """
    found = schema.read(schema.build(now.objects)).without(table)
    changes = difference(promised.schema, found) if promised.schema else ()
    lines = [f"{change.type} {change.name} {_SHOULD[change.kind]}" for change in changes]
    left = [count for count in promised.rows if count.table.lower() in found.columns]
    after = row_counter(database)(left)
    for count, number in after.items():
        if number < promised.rows[count]:
            lines.append(
                f"table {count.table} has {format_rows(number)} and had {promised.rows[count]:,}; no file takes any"
            )
    return tuple(lines)


def _at_risk(rehearsal: Rehearsal) -> set[str]:
    """Tables, in lower case, that are not the same table afterwards, or that a foreign key of theirs reaches into."""
    steps = [step for file in rehearsal.files for step in file.steps]
    made = {name for step in steps if step.changed_schema for name in step.names("CREATE_TABLE")}
    dropped = {name for step in steps for name in step.names("DROP_TABLE")}
    reached = {key.child for step in steps for key in step.foreign_keys}
    return {name.lower() for name in made | dropped | reached}


def _meant_to_shrink(rehearsal: Rehearsal) -> set[str]:
    """Tables, in lower case, of which a statement takes rows: lint has told of all of them, a WHERE tells of some."""
    told = find_effects(rehearsal, each_file_alone=False)
    gone = {effect.live_table for effect in told if effect.kind in _TAKES_ROWS}
    steps = [step for file in rehearsal.files for step in file.steps if not step.names("DROP_TABLE")]
    some = {action.name for step in steps for action in step.actions if action.verb == "DELETE"}
    return {name.lower() for name in gone | some}
