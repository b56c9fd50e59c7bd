"""Count the rows of each table that the pending files insert, update and delete. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.finding import format_rows
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.sqlite.fates import TableFate


@dataclass(frozen=True, slots=True)
class RowChange:
    """The changes of the rows of a table by the pending files. All numbers are rows.

    Attributes:
        table: The table's name before the files, as written.
        updated: How many rows UPDATE statements change, or end with other values in a rebuilt table. A row that several
            statements change counts several times, but never more rows than there are.
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
    tables = [_Table(name) for name in sorted(rehearsal.before.tables, key=fold)]
    by_name = {fold(table.name): table for table in tables}
    for file in rehearsal.ran:
        _add(file, by_name)
    return tuple(table.change for table in tables if table.counts.total())


@dataclass(slots=True)
class _Table:
    """A table of the live database, and the changes of its rows so far.

    Attributes:
        counts: Numbers of rows by INSERT, UPDATE and DELETE.
        rows: Number of its rows before the first file that may have changed them; None if no file has.
    """

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    rows: int | None = None
    dropped: bool = False

    @property
    def change(self) -> RowChange:
        """The changes. Several statements may update the same row, so their sum may be more than all rows."""
        inserted, updated, deleted = (self.counts[verb] for verb in ("INSERT", "UPDATE", "DELETE"))
        if self.rows is not None:
            updated = min(updated, self.rows + inserted)
        return RowChange(self.name, inserted, updated, deleted, self.dropped)


def _add(file: RehearsedFile, tables: dict[str, _Table]) -> None:
    """Add the changes of a file to the tables, which are by folded name before the file, and then after it."""
    counts, ends = _count(file)
    for fate in file.fates:
        ends[fate.start] = fate.end
        if fate.rebuilt or not fate.end:
            counts[fate.start] = _compared(fate)
        if (table := tables.get(fate.start)) and table.rows is None:
            table.rows = fate.rows
    for start, counted in counts.items():
        if start in tables:
            tables[start].counts += counted
    for end, table in [(end, tables.pop(start)) for start, end in ends.items() if start in tables]:
        table.dropped = not end
        if end:
            tables[end] = table


def _count(file: RehearsedFile) -> tuple[dict[str, Counter[str]], dict[str, str]]:
    """Return the rows that the statements change, and the new names of renamed tables, by the name before the file."""
    counts: dict[str, Counter[str]] = {}
    starts: dict[str, str] = {}  # the name before the file, of each name that a table got or lost; empty if none
    for step in file.steps:
        for row in step.rows:
            counts.setdefault(starts.get(row.table, row.table), Counter())[row.verb] += row.rows
        action = step.actions[0] if step.changed_schema and step.actions else None
        change = parse_alter_table(step.statement.text) if action and action.verb == "ALTER_TABLE" else None
        if action and change and change.kind is AlterKind.RENAME_TABLE:
            old = fold(action.name)
            starts[change.new], starts[old] = starts.get(old, old), ""
        elif action and action.verb == "DROP_TABLE":
            starts[fold(action.name)] = ""
    return counts, {start: name for name, start in starts.items() if start}


def _compared(fate: TableFate) -> Counter[str]:
    """Return the changes of a table that was dropped or rebuilt: its copy is not a change of its rows."""
    kept = fate.rows - fate.missing
    changed = max((column.lost for column in fate.columns if not column.key), default=0)
    return Counter(INSERT=fate.rows_after - kept, UPDATE=changed if fate.end else 0, DELETE=fate.missing)
