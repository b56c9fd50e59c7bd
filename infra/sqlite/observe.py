"""Runs a script, and tells what each of its statements did: what SQLite's authorizer saw, not what the text says."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import apsw

from infra.errors import SqlError
from infra.sqlite import everything, repeated, schema
from infra.sqlite.execute import Query, transaction
from infra.sqlite.needs_empty import needs_empty
from infra.sqlite.sandbox import trusted
from infra.sqlite.statements import cut, first_word, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from infra.sqlite.schema import ForeignKey, SchemaObject
    from infra.sqlite.statements import Statement

SECONDS: Final = 5.0
"""How long one statement may take here. It runs on next to no rows: what takes longer counts or fills without end."""

_OPERATIONS: Final = 100_000  # of SQLite's machine, between two looks at the clock: about a millisecond
_DROPS: Final = ("DROP_TABLE", "DROP_VTABLE")
_MAY_DELETE: Final = frozenset({"drop", "delete", "with"})
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


def observe(
    connection: apsw.Connection,
    script: str,
    *,
    rows_known: bool,
    known: dict[tuple[str, str], tuple[ForeignKey, ...]] | None = None,
) -> Observation:
    """Run a script as one request.

    Args:
        connection: from `schema.rebuilt` or `sandbox.open_database`.
        script: any number of statements.
        rows_known: whether the database holds the rows that the real one will hold. If not, a constraint that fails
            proves nothing.
        known: foreign keys that earlier scripts have met, as `schema.foreign_keys` takes them.
    """
    steps: list[Step] = []
    undecided: list[SqlError] = []
    known = {} if known is None else known
    try:
        with transaction(connection) as run, _recorded(connection) as seen, _clock(connection) as start:
            keys: tuple[ForeignKey, ...] | None = None
            for statement in cut(script):
                seen.clear()
                start()
                first = first_word(statement.text)
                if keys is None and first in _MAY_DELETE:
                    keys = schema.foreign_keys(connection, known)
                columns = schema.columns(connection, words(statement.text)[-1]) if first == "drop" else ()
                changed = fine = False
                try:
                    changed = run(len(steps), Query(statement.text)).changed_schema
                    fine = True
                except SqlError as error:
                    if not (_is_slow(error) or (_needs_rows(error) and not rows_known)):
                        raise
                    undecided.append(error)
                finally:
                    if first == "explain":  # it prepares what it explains, and does not run it
                        seen.clear()
                    if fine and _repeats(script, steps, statement, seen):
                        steps[-1] = Step(statement, steps[-1].actions, reads=steps[-1].reads)
                    else:
                        step = _step(connection, statement, seen, keys or (), changed=changed)
                        steps.append(replace(step, lost_columns=columns) if columns else step)
                keys = None if changed else keys
    except SqlError as error:
        if error.statement is None and not rows_known:
            with _no_foreign_keys(connection):
                again = observe(connection, script, rows_known=rows_known, known=known)
            return replace(again, undecided=(*again.undecided, error))
        return Observation(tuple(steps), error, tuple(undecided), frozenset())
    return Observation(tuple(steps), None, tuple(undecided), _rebuilt(connection, steps))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the authorizer has seen of a statement."""

    actions: list[Action]
    reads: set[tuple[str, str]]

    def clear(self) -> None:
        self.actions.clear()
        self.reads.clear()


def _rebuilt(connection: apsw.Connection, steps: Iterable[Step]) -> frozenset[str]:
    first = [step.actions[0] for step in steps if step.actions]  # the others are a virtual table's own
    dropped = {action.name.lower() for action in first if action.verb in _DROPS}
    return schema.table_names(connection) & dropped if dropped else frozenset()


def _repeats(script: str, steps: Sequence[Step], statement: Statement, seen: _Seen) -> bool:
    """Whether the last two steps are the same INSERT with other rows, and no comment stands between."""
    if len(steps) < 2 or not (head := repeated.head(statement.text)):  # noqa: PLR2004 - first and last stay
        return False
    return (
        all(
            step.statement.text.startswith(head) and step.actions == tuple(seen.actions) and step.reads == seen.reads
            for step in steps[-2:]
        )
        and not script[steps[-1].statement.end : statement.offset].strip()
    )


def _step(
    connection: apsw.Connection,
    statement: Statement,
    seen: _Seen,
    foreign_keys: tuple[ForeignKey, ...],
    *,
    changed: bool,
) -> Step:
    own = [action for action in seen.actions if not action.trigger]
    gone = {action.name.lower() for action in own if action.verb == "DROP_TABLE"}
    writes = own[0].verb in {"DELETE", "UPDATE"} if own else False
    if writes and own[0].verb == "DELETE":
        gone.add(own[0].name.lower())
    return Step(
        statement,
        tuple(seen.actions),
        changed,
        everything=writes and everything.is_meant(statement.text),
        foreign_keys=_set_off(foreign_keys, gone),
        in_the_way=None if changed else _in_the_way(connection, statement),
        reads=frozenset(seen.reads),
        needs_empty=needs_empty(statement.text, own[0].name) if changed and own[0].verb == "ALTER_TABLE" else "",
    )


def _set_off(foreign_keys: tuple[ForeignKey, ...], gone: set[str]) -> tuple[ForeignKey, ...]:
    """The foreign keys that rows of the tables `gone` set off, and those that their cascades set off in turn."""
    found: list[ForeignKey] = []
    while gone:
        new = [key for key in foreign_keys if key.parent.lower() in gone and key not in found]
        found += new
        gone = {key.child.lower() for key in new if key.on_delete == "CASCADE"}
    return tuple(found)


def _in_the_way(connection: apsw.Connection, statement: Statement) -> SchemaObject | None:
    """What has the name that a CREATE ... IF NOT EXISTS wants, where that is something else."""
    if first_word(statement.text) != "create" or "exists" not in (read := words(statement.text))[:7]:
        return None
    at = read.index("exists") + 1
    wanted = read[: at - 3] + (read[at + 2 :] if read[at + 1 : at + 2] == (".",) else read[at:])
    name = wanted[at - 3] if len(wanted) > at - 3 else ""
    with trusted(connection):
        rows = connection.execute(f"{schema.SELECT} AND lower(name) = ?", (name,), can_cache=False).fetchall()
    for row in rows:
        found = schema.SchemaObject(*map(str, row))
        if words(found.sql) != wanted:
            return found
    return None


@contextmanager
def _recorded(connection: apsw.Connection) -> Iterator[_Seen]:
    """Notes the actions of what is prepared in the block."""
    rules = connection.authorizer
    assert rules  # noqa: S101 - `sandbox` has set it
    seen = _Seen([], set())

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
def _clock(connection: apsw.Connection) -> Iterator[Callable[[], None]]:
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


@contextmanager
def _no_foreign_keys(connection: apsw.Connection) -> Iterator[None]:
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 0)
    try:
        yield
    finally:
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1)


def _needs_rows(error: SqlError) -> bool:
    return isinstance(error.__cause__, apsw.ConstraintError)


def _is_slow(error: SqlError) -> bool:
    return isinstance(error.__cause__, apsw.InterruptError)
