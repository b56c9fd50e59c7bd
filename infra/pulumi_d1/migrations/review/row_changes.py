"""Count the rows of each table that the pending files insert, update and delete. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.finding import format_rows
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.sqlite.fates import TableFate


@dataclass(frozen=True, slots=True)
class RowChange:
    """The changes of the rows of a table by the pending files. All numbers are rows.

    Attributes:
        table: The table's name before the files, as written.
        updated: How many rows UPDATE statements change, or end with other values in a rebuilt table.
        deleted: How many rows are not in the table at the end; those of a dropped table too.
    """

    table: str
    inserted: int
    updated: int
    deleted: int
    dropped: bool

    def __str__(self) -> str:
        """Return `users: 3 rows inserted, 1 row deleted`, or `logs: dropped with 10 rows`."""
        if self.dropped:
            return f"{self.table}: dropped with {format_rows(self.deleted)}"
        verbs = ("inserted", "updated", "deleted")
        numbers = zip(verbs, (self.inserted, self.updated, self.deleted), strict=True)
        return f"{self.table}: {', '.join(f'{format_rows(number)} {verb}' for verb, number in numbers if number)}"


def row_changes(rehearsal: Rehearsal | None) -> tuple[RowChange, ...]:
    """Return the changes of each table, sorted by name; none if the rehearsal did not have all live rows."""
    if rehearsal is None or rehearsal.basis.kind is not BasisKind.LIVE:
        return ()
    is_stopped = rehearsal.refusal or rehearsal.over_budget
    ran = rehearsal.files[:-1] if is_stopped else rehearsal.files  # the last one changes nothing then
    changes = (_change(table, ran) for table in sorted(rehearsal.before.tables, key=fold))
    return tuple(change for change in changes if change.inserted or change.updated or change.deleted)


def _change(table: str, files: tuple[RehearsedFile, ...]) -> RowChange:
    name, counts, dropped = fold(table), Counter[str](), False
    for file in files:
        fate = next((fate for fate in file.fates if fate.start == name), None)
        if fate and (fate.rebuilt or not fate.end):
            counts += _compared(fate)
        else:
            names = {name, fate.end if fate else name}
            for row in (row for step in file.steps for row in step.rows if row.table in names):
                counts[row.verb] += row.rows
        name = fate.end if fate else name
        if not name:
            dropped = True
            break
    return RowChange(table, counts["INSERT"], counts["UPDATE"], counts["DELETE"], dropped)


def _compared(fate: TableFate) -> Counter[str]:
    """Return the changes of a table that was dropped or rebuilt: its copy is not a change of its rows."""
    kept = fate.rows - fate.missing
    changed = max((column.lost for column in fate.columns if not column.key), default=0)
    return Counter(INSERT=fate.rows_after - kept, UPDATE=changed if fate.end else 0, DELETE=fate.missing)
