"""What SQLite tells while a statement is compiled and run: its authorizer's actions, and that it takes too long."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apsw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS: Final = 5.0
"""How long one statement may take here. It runs on next to no rows: what takes longer counts or fills without end."""

_OPERATIONS: Final = 100_000  # of SQLite's machine, between two looks at the clock: about a millisecond
_UNTOLD: Final = frozenset({apsw.SQLITE_READ, apsw.SQLITE_SELECT, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE})
_CATALOGUE: Final = frozenset({"sqlite_master", "sqlite_temp_master"})


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a statement, as SQLite reports it to the authorizer.

    Attributes:
        verb: SQLite's name of it, such as DROP_TABLE, DELETE, PRAGMA.
        name: what it concerns: the table, index, trigger, view or PRAGMA; empty where there is nothing to name.
        other: the table of an index or trigger, the column of an update or of a DROP COLUMN, the argument of a PRAGMA,
            the module of a virtual table; empty where there is none.
        trigger: name of the trigger that does it; empty for the statement itself, and for foreign keys.
    """

    verb: str
    name: str
    other: str
    trigger: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the authorizer has seen of a statement."""

    actions: list[Action]
    reads: set[tuple[str, str]]

    def clear(self) -> None:
        """Forgets it, before the next statement."""
        self.actions.clear()
        self.reads.clear()


@contextmanager
def recorded(connection: apsw.Connection) -> Iterator[Seen]:
    """Notes the actions of what is prepared in the block."""
    rules = connection.authorizer
    assert rules  # noqa: S101 - `sandbox` has set it
    seen = Seen([], set())

    def record(code: int, first: str | None, second: str | None, third: str | None, trigger: str | None) -> int:
        if code == apsw.SQLITE_ALTER_TABLE:  # alone in naming its database first
            seen.actions.append(Action("ALTER_TABLE", second or "", third or "", trigger or ""))
        elif code == apsw.SQLITE_READ and first not in _CATALOGUE:
            seen.reads.add(((first or "").lower(), (second or "").lower()))
        elif code not in _UNTOLD and first not in _CATALOGUE:
            verb = str(apsw.mapping_authorizer_function[code])
            seen.actions.append(Action(verb.removeprefix("SQLITE_"), first or "", second or "", trigger or ""))
        return rules(code, first, second, third, trigger)

    connection.authorizer = record
    try:
        yield seen
    finally:
        connection.authorizer = rules


@contextmanager
def clock(connection: apsw.Connection) -> Iterator[Callable[[], None]]:
    """Interrupts a statement that takes too long. Gives what sets the clock back, before each of them."""
    end = 0.0

    def start() -> None:
        nonlocal end
        end = time.monotonic() + SECONDS

    connection.set_progress_handler(lambda: time.monotonic() > end, _OPERATIONS)
    try:
        yield start
    finally:
        connection.set_progress_handler(None)
