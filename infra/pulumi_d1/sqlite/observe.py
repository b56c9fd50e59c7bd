"""Runs a script, and tells what each of its statements did: what SQLite's authorizer saw, not what the text says."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite import everything, repeated, schema
from pulumi_d1.sqlite.execute import Query, transaction
from pulumi_d1.sqlite.needs_empty import needs_empty
from pulumi_d1.sqlite.observation import Observation, Step
from pulumi_d1.sqlite.recorder import clock, recorded
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import first_word, following, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pulumi_d1.sqlite.execute import StatementResult
    from pulumi_d1.sqlite.recorder import Seen
    from pulumi_d1.sqlite.schema import ForeignKey, SchemaObject
    from pulumi_d1.sqlite.statements import Statement

_DROPS: Final = ("DROP_TABLE", "DROP_VTABLE")
_MAY_DELETE: Final = frozenset({"drop", "delete", "with"})


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
    attempt = _Attempt()
    while True:
        try:
            return _observe(connection, script, {} if known is None else known, attempt, rows_known=rows_known)
        except _TransactionEnded as ended:
            if ended.by:
                attempt.fatal[ended.by[1].statement.offset] = ended.by
            else:
                attempt.at_once = False


@dataclass(slots=True)
class _Attempt:
    """How to run a script, after it was tried.

    Attributes:
        fatal: what ended the transaction, by the offset of its statement, which is not run again.
        at_once: whether rows of a bulk load run many at once.
    """

    fatal: dict[int, tuple[SqlError, Step]] = field(default_factory=dict)
    at_once: bool = True


class _TransactionEnded(Exception):
    """SQLite has rolled back the whole transaction, and not a statement alone.

    Attributes:
        by: the error that proves nothing, and its statement; None where it is one of rows that ran at once.
    """

    def __init__(self, by: tuple[SqlError, Step] | None = None) -> None:
        super().__init__()
        self.by = by


def _observe(
    connection: apsw.Connection,
    script: str,
    known: dict[tuple[str, str], tuple[ForeignKey, ...]],
    attempt: _Attempt,
    *,
    rows_known: bool,
) -> Observation:
    """See observe.

    Args:
        connection: the database.
        script: any number of statements.
        known: foreign keys.
        attempt: how to run it.
        rows_known: whether the database holds the rows.

    Raises:
        _TransactionEnded: something else ended the transaction, and proves nothing.
    """
    steps: list[Step] = []
    undecided: list[SqlError] = []
    try:
        with transaction(connection) as run, recorded(connection) as seen, clock(connection) as start:
            keys: tuple[ForeignKey, ...] | None = None
            statement, apart = following(script), 0 if attempt.at_once else len(script)
            while statement:
                if statement.offset in attempt.fatal:
                    unproved, step = attempt.fatal[statement.offset]
                    undecided.append(unproved)
                    steps.append(step)
                    statement = following(script, statement)
                    continue
                seen.clear()
                start()
                first = first_word(statement.text)
                if keys is None and first in _MAY_DELETE:
                    keys = schema.foreign_keys(connection, known)
                columns = schema.columns(connection, words(statement.text)[-1]) if first == "drop" else ()
                changed = fine = False
                try:
                    changed, unproven = _tried(run, len(steps), statement, rows_known=rows_known)
                    undecided += unproven
                    fine = not unproven
                finally:
                    if first == "explain":  # it prepares what it explains, and does not run it
                        seen.clear()
                    if fine and _repeats(script, steps, statement, seen):
                        if statement.offset >= apart:
                            statement, apart = _run_on(connection, script, statement, start)
                        steps[-1] = Step(statement, steps[-1].actions, reads=steps[-1].reads)
                    else:
                        step = _step(connection, statement, seen, keys or (), changed=changed)
                        steps.append(replace(step, lost_columns=columns) if columns else step)
                if not connection.in_transaction:
                    raise _TransactionEnded((undecided[-1], steps[-1]))
                keys = None if changed else keys
                statement = following(script, statement)
    except SqlError as error:
        if error.statement is None and not rows_known:
            with _no_foreign_keys(connection):
                again = observe(connection, script, rows_known=rows_known, known=known)
            return replace(again, undecided=(*again.undecided, error))
        return Observation(tuple(steps), error, tuple(undecided), frozenset())
    return Observation(tuple(steps), None, tuple(undecided), _rebuilt(connection, steps))


def _tried(
    run: Callable[[int, Query], StatementResult], index: int, statement: Statement, *, rows_known: bool
) -> tuple[bool, list[SqlError]]:
    """Runs one statement: whether the schema is another one now, and the error that proves nothing, if there is one.

    Raises:
        SqlError: an error that D1 would give too.
    """
    try:
        return run(index, Query(statement.text)).changed_schema, []
    except SqlError as error:
        if _is_slow(error) or (_needs_rows(error) and not rows_known):
            return False, [error]
        raise


def _rebuilt(connection: apsw.Connection, steps: Iterable[Step]) -> frozenset[str]:
    first = [step.actions[0] for step in steps if step.actions]  # the others are a virtual table's own
    dropped = {action.name.lower() for action in first if action.verb in _DROPS}
    return schema.table_names(connection) & dropped if dropped else frozenset()


def _repeats(script: str, steps: Sequence[Step], statement: Statement, seen: Seen) -> bool:
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


def _run_on(
    connection: apsw.Connection, script: str, statement: Statement, start: Callable[[], None]
) -> tuple[Statement, int]:
    """Runs the INSERTs that repeat `statement`, many at once.

    Returns:
        the last one that ran, and the index up to which they are to run one by one, which tells where one fails.

    Raises:
        _TransactionEnded: one of them took the whole transaction with it, or all of them took too long.
    """
    with trusted(connection):  # SQLite would ask what it has asked for `statement`, once for each of them
        while found := repeated.rows_after(script, statement):
            text, last = found
            start()
            connection.execute("SAVEPOINT rows", can_cache=False)
            try:
                connection.execute(text, can_cache=False)
            except (apsw.Error, ValueError):  # the latter for a text that is no Unicode
                if not connection.in_transaction:
                    raise _TransactionEnded from None
                connection.execute("ROLLBACK TO rows; RELEASE rows", can_cache=False)
                return statement, last.end
            connection.execute("RELEASE rows", can_cache=False)
            statement = last
    return statement, 0


def _step(
    connection: apsw.Connection,
    statement: Statement,
    seen: Seen,
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
