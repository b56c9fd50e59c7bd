"""Record what SQLite reports about a statement: the authorizer's actions, and the rows that it changes."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NO_ACTIONS: Final = frozenset({apsw.SQLITE_READ, apsw.SQLITE_SELECT, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE})
_CATALOGUE: Final = frozenset({"sqlite_master", "sqlite_temp_master"})


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a statement, as SQLite reports it to the authorizer.

    Attributes:
        verb: SQLite's name of the action, such as DROP_TABLE, DELETE, PRAGMA.
        name: The table, index, trigger, view or PRAGMA; empty if the action has none.
        other: The table of an index or trigger, the column of an UPDATE or DROP COLUMN, the argument of a PRAGMA, or
            the module of a virtual table; otherwise empty.
        trigger: The trigger that acts; empty for the statement itself and for foreign keys.
    """

    verb: str
    name: str
    other: str
    trigger: str


@dataclass(frozen=True, slots=True)
class RowCount:
    """The number of rows of one table a statement changed in one way, counted by SQLite's pre-update hook.

    Attributes:
        verb: INSERT, UPDATE or DELETE. REPLACE is a DELETE and an INSERT.
        table: The table's folded name.
        indirect: True if a foreign key or a trigger changed them.
        fills: True if the statement is an UPDATE that replaced nothing but NULLs in them.
    """

    verb: str
    table: str
    indirect: bool
    fills: bool
    rows: int


@dataclass(slots=True)
class Recording:
    """SQLite's report about one statement.

    Attributes:
        actions: Its actions, in order.
        reads: Pairs of folded table and column. The column is empty if the statement only counts rows.
        changed: Number of changed rows by the first four fields of a RowCount, with the table as SQLite reports it.
    """

    actions: list[Action] = field(default_factory=list)
    reads: set[tuple[str, str]] = field(default_factory=set)
    changed: dict[tuple[str, str, bool, bool], int] = field(default_factory=dict)

    def clear(self) -> None:
        """Empty the recording, before the next statement."""
        self.actions.clear()
        self.reads.clear()
        self.changed.clear()

    @property
    def rows(self) -> tuple[RowCount, ...]:
        """The changed rows."""
        return tuple(
            RowCount(verb, fold(table), indirect, fills, rows)
            for (verb, table, indirect, fills), rows in self.changed.items()
        )


def add_rows(some: Iterable[RowCount], others: Iterable[RowCount]) -> tuple[RowCount, ...]:
    """Return the changed rows of several statements."""
    sums: Counter[tuple[str, str, bool, bool]] = Counter()
    for row in (*some, *others):
        sums[row.verb, row.table, row.indirect, row.fills] += row.rows
    return tuple(RowCount(*key, rows) for key, rows in sums.items())


@contextmanager
def record(connection: apsw.Connection) -> Iterator[Recording]:
    """Record every statement that is prepared and run in the block."""
    rules = connection.authorizer
    assert rules  # noqa: S101 - `sandbox` has set it
    recording = Recording()

    def authorize(code: int, first: str | None, second: str | None, third: str | None, trigger: str | None) -> int:
        if code == apsw.SQLITE_ALTER_TABLE:  # the only action whose first argument is the database
            recording.actions.append(Action("ALTER_TABLE", second or "", third or "", trigger or ""))
        elif code == apsw.SQLITE_READ and first not in _CATALOGUE:
            recording.reads.add((fold(first or ""), fold(second or "")))
        elif code not in _NO_ACTIONS and first not in _CATALOGUE:
            verb = str(apsw.mapping_authorizer_function[code])
            recording.actions.append(Action(verb.removeprefix("SQLITE_"), first or "", second or "", trigger or ""))
        return rules(code, first, second, third, trigger)

    def count(update: apsw.PreUpdate) -> None:
        # Depth 0 is the statement itself. Foreign keys and triggers are deeper.
        change = update.op, update.table_name, update.depth > 0, update.op == "UPDATE" and not _overwrites(update)
        recording.changed[change] = recording.changed.get(change, 0) + 1

    connection.authorizer = authorize
    connection.preupdate_hook(count)
    try:
        yield recording
    finally:
        connection.preupdate_hook(None)
        connection.authorizer = rules


def _overwrites(update: apsw.PreUpdate) -> bool:
    """Return whether an UPDATE replaces a value, and not only NULLs."""
    old, new = update.old or (), update.update or ()
    return any(after is not apsw.no_change and before is not None for before, after in zip(old, new, strict=True))
