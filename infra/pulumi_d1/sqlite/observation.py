"""Values for what the statements of a script did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_d1.errors import SqlError
    from pulumi_d1.sqlite.fates import IdRestart, TableFate
    from pulumi_d1.sqlite.recorder import Action, RowCount
    from pulumi_d1.sqlite.schema import ForeignKey, SchemaObject
    from pulumi_d1.sqlite.statements import Statement


@dataclass(frozen=True, slots=True)
class StringName:
    """A word in double quotes that names no column, so SQLite reads it as a string.

    Attributes:
        name: The word, without its quotes.
        offset: 0-based index in the statement's text, in characters.
        is_column: True if another table has a column of this name.
    """

    name: str
    offset: int
    is_column: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One statement that ran or was refused.

    Attributes:
        actions: Its actions without reads and function calls; of a refused statement, those before the refusal.
        changed_schema: True if the statement changed the schema.
        every_row: True if it is a DELETE or UPDATE of every row of its table.
        rows: How many rows of which table it inserted, updated and deleted.
        foreign_keys: The foreign keys that its deletes and updates trigger: those that reference the table, then those
            that the cascades trigger.
        conflict: The different object that made an IF NOT EXISTS do nothing; None if there is none.
        reads: Pairs of folded table and column that it reads. The column is empty if it only counts rows.
        string: The first word in double quotes that is a string; None if there is none.
        empty_table_error: D1's error if it adds a column that only an empty table accepts; otherwise empty.
    """

    statement: Statement
    actions: tuple[Action, ...]
    changed_schema: bool = False
    every_row: bool = False
    rows: tuple[RowCount, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    conflict: SchemaObject | None = None
    reads: frozenset[tuple[str, str]] = frozenset()
    string: StringName | None = None
    empty_table_error: str = ""

    def names(self, verb: str) -> tuple[str, ...]:
        """Return the names that the statement itself acted on with `verb`, without the actions of triggers."""
        return tuple(action.name for action in self.actions if action.verb == verb and not action.trigger)

    def count(self, verb: str, *, indirect: bool) -> dict[str, int]:
        """Return the rows that it inserted, updated or deleted, by folded table.

        Args:
            verb: INSERT, UPDATE or DELETE.
            indirect: True for what foreign keys and triggers did, False for what the statement did itself.
        """
        return {row.table: row.rows for row in self.rows if (row.verb, row.indirect) == (verb, indirect)}


@dataclass(frozen=True, slots=True)
class Observation:
    """A script that ran as one request.

    Attributes:
        steps: One step for each statement, up to a refused one. Of a run of INSERTs that differ only in their values,
            only the first and the last.
        refusal: D1's error, if the script was refused. Its `statement` is an index into `steps`, or None for the
            commit.
        undecided: Errors that depend on the rows of the real database. The statement had no effect here.
        fates: What became of the rows that existed before, of each table that the script may have changed.
        restarts: The tables of AUTOINCREMENT that would give ids again.
    """

    steps: tuple[Step, ...]
    refusal: SqlError | None
    undecided: tuple[SqlError, ...]
    fates: tuple[TableFate, ...]
    restarts: tuple[IdRestart, ...]
