"""Record what SQLite reports about a statement: the authorizer's actions, and that it takes too long."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import apsw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_SECONDS: Final = 5.0
"""Time limit of one statement. It runs on almost no rows: if it takes longer, it counts or fills without end."""

_OPERATIONS: Final = 100_000  # of SQLite's virtual machine, between two checks of the clock: about a millisecond
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
class Recording:
    """The actions of one statement, and the columns that it reads.

    Attributes:
        reads: Pairs of table and column, in lower case. The column is empty if the statement only counts rows.
    """

    actions: list[Action] = field(default_factory=list)
    reads: set[tuple[str, str]] = field(default_factory=set)

    def clear(self) -> None:
        """Empty the recording, before the next statement."""
        self.actions.clear()
        self.reads.clear()


@contextmanager
def record_actions(connection: apsw.Connection) -> Iterator[Recording]:
    """Record the actions of every statement that is prepared in the block."""
    rules = connection.authorizer
    assert rules  # noqa: S101 - `sandbox` has set it
    recording = Recording()

    def record(code: int, first: str | None, second: str | None, third: str | None, trigger: str | None) -> int:
        if code == apsw.SQLITE_ALTER_TABLE:  # the only action whose first argument is the database
            recording.actions.append(Action("ALTER_TABLE", second or "", third or "", trigger or ""))
        elif code == apsw.SQLITE_READ and first not in _CATALOGUE:
            recording.reads.add(((first or "").lower(), (second or "").lower()))
        elif code not in _NO_ACTIONS and first not in _CATALOGUE:
            verb = str(apsw.mapping_authorizer_function[code])
            recording.actions.append(Action(verb.removeprefix("SQLITE_"), first or "", second or "", trigger or ""))
        return rules(code, first, second, third, trigger)

    connection.authorizer = record
    try:
        yield recording
    finally:
        connection.authorizer = rules


@contextmanager
def limit_time(connection: apsw.Connection) -> Iterator[Callable[[], None]]:
    """Interrupt statements that run longer than MAX_SECONDS. Yield the function that restarts the clock."""
    end = 0.0

    def restart() -> None:
        nonlocal end
        end = time.monotonic() + MAX_SECONDS

    connection.set_progress_handler(lambda: time.monotonic() > end, _OPERATIONS)
    try:
        yield restart
    finally:
        connection.set_progress_handler(None)
