"""Values for what the statements of a script did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_d1.errors import SqlError
    from pulumi_d1.sqlite.recorder import Action
    from pulumi_d1.sqlite.schema import ForeignKey, SchemaObject
    from pulumi_d1.sqlite.statements import Statement


@dataclass(frozen=True, slots=True)
class Step:
    """One statement that ran or was refused.

    Attributes:
        actions: Its actions without reads and function calls; of a refused statement, those before the refusal.
        changed_schema: True if the statement changed the schema.
        every_row: True if it is a DELETE or UPDATE of every row of its table.
        foreign_keys: The foreign keys that its DELETE or DROP TABLE triggers: those that reference the table, then
            those that the cascades trigger.
        conflict: The different object that made an IF NOT EXISTS do nothing; None if there is none.
        reads: Pairs of table and column that it reads, in lower case. The column is empty if it only counts rows.
        dropped_columns: The columns of the table that it drops, in lower case, without generated ones.
        empty_table_error: D1's error if it adds a column that only an empty table accepts; otherwise empty.
    """

    statement: Statement
    actions: tuple[Action, ...]
    changed_schema: bool = False
    every_row: bool = False
    foreign_keys: tuple[ForeignKey, ...] = ()
    conflict: SchemaObject | None = None
    reads: frozenset[tuple[str, str]] = frozenset()
    dropped_columns: tuple[str, ...] = ()
    empty_table_error: str = ""

    def names(self, verb: str) -> tuple[str, ...]:
        """Return the names that the statement itself acted on with `verb`, without the actions of triggers."""
        return tuple(action.name for action in self.actions if action.verb == verb and not action.trigger)


@dataclass(frozen=True, slots=True)
class Observation:
    """A script that ran as one request.

    Attributes:
        steps: One step for each statement, up to a refused one. Of a run of INSERTs that differ only in their values,
            only the first and the last.
        refusal: D1's error, if the script was refused. Its `statement` is an index into `steps`, or None for the
            commit.
        undecided: Errors that depend on the rows of the real database. The statement had no effect here.
        rebuilt: The tables that the script drops and creates again, in lower case.
    """

    steps: tuple[Step, ...]
    refusal: SqlError | None
    undecided: tuple[SqlError, ...]
    rebuilt: frozenset[str]
