"""After the last file: is the database what the rehearsal made of it, and has it kept its rows?

Rows are counted where a table was dropped and made again under its name. Elsewhere SQLite itself tells of every DELETE,
and lint has told the user: a table without one can't have lost rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.migrations.review import rows
from infra.migrations.review.rows import Count
from infra.sqlite import schema
from infra.sqlite.difference import Kind, difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.cloudflare import Database
    from infra.migrations.live import Live
    from infra.migrations.review.rehearsal import Rehearsal
    from infra.sqlite.schema import Schema

_SHOULD: dict[Kind, str] = {
    Kind.ADDED: "is there, and no file made it",
    Kind.REMOVED: "is not there",
    Kind.CHANGED: "is not as the files make it",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """What a run leaves behind if all goes well.

    Attributes:
        schema: without the ledger; None where there was no rehearsal, or rows decide what it left out.
        rows: of each table that the run makes again, before it.
    """

    schema: Schema | None
    rows: Mapping[Count, int]


def promise(database: Database, rehearsal: Rehearsal | None) -> Promise:
    """What the rehearsal promises. Reads the database where there are rows to count.

    Raises:
        ApiError: they can't be counted.
    """
    if rehearsal is None:
        return Promise(None, {})
    again = {name for file in rehearsal.files for name in file.rebuilt}
    kept = {name.lower() for name in rehearsal.after.tables}
    counts = [Count(name) for name in rehearsal.before.tables if name.lower() in again & kept]
    return Promise(None if rehearsal.undecided else rehearsal.after, _counted(database, counts))


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
    found = schema.read(schema.rebuilt(now.objects)).without(table)
    changes = difference(promised.schema, found) if promised.schema else ()
    lines = [f"{change.type} {change.name} {_SHOULD[change.kind]}" for change in changes]
    left = [count for count in promised.rows if count.table.lower() in found.columns]
    after = _counted(database, left)
    for count, number in after.items():
        if number < promised.rows[count]:
            lines.append(f"table {count.table} was made again and has {number} rows; it had {promised.rows[count]}")
    return tuple(lines)


def _counted(database: Database, counts: Sequence[Count]) -> Mapping[Count, int]:
    return rows.counted(counts, database.read(rows.select(counts))) if counts else {}
