"""What the statements of a script did, as values."""

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
    """One statement, run.

    Attributes:
        statement: its text and its place.
        actions: what it did, reads and functions left out; up to the refusal, where it was refused.
        changed_schema: whether the schema is another one now.
        everything: whether it is a DELETE or UPDATE that leaves no row out.
        foreign_keys: those that its DELETE or DROP TABLE sets off, the table's own first, then what these cascade to.
        in_the_way: what an IF NOT EXISTS found there already, where that is something else.
        reads: tables and columns that it reads, in lower case; the column is empty where it only counts rows.
        lost_columns: of the table that it drops, in lower case, generated ones left out.
        needs_empty: D1's error where it adds a column that only an empty table can get; otherwise empty.
    """

    statement: Statement
    actions: tuple[Action, ...]
    changed_schema: bool = False
    everything: bool = False
    foreign_keys: tuple[ForeignKey, ...] = ()
    in_the_way: SchemaObject | None = None
    reads: frozenset[tuple[str, str]] = frozenset()
    lost_columns: tuple[str, ...] = ()
    needs_empty: str = ""

    def names(self, verb: str) -> tuple[str, ...]:
        """What the statement itself did `verb` to."""
        return tuple(action.name for action in self.actions if action.verb == verb and not action.trigger)


@dataclass(frozen=True, slots=True)
class Observation:
    """A script, run as one request.

    Attributes:
        steps: one for each statement that ran, or was refused; of a run of INSERTs that differ in their rows alone,
            the first and the last.
        refusal: D1's error; None where there is none. `statement` counts the steps; None means the commit.
        undecided: errors that the rows of the real database decide about; the statement had no effect here.
        rebuilt: names of the tables that it drops and makes again, in lower case.
    """

    steps: tuple[Step, ...]
    refusal: SqlError | None
    undecided: tuple[SqlError, ...]
    rebuilt: frozenset[str]
