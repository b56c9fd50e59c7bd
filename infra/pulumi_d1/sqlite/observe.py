"""Run a script and observe what each statement does, through SQLite's authorizer instead of the statement's text."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite import bulk_inserts, schema
from pulumi_d1.sqlite.execute import Query, transaction
from pulumi_d1.sqlite.observation import Observation, Step
from pulumi_d1.sqlite.probe import affects_every_row, empty_table_error
from pulumi_d1.sqlite.recorder import limit_time, record_actions
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import first_word, next_statement, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pulumi_d1.sqlite.execute import StatementResult
    from pulumi_d1.sqlite.recorder import Recording
    from pulumi_d1.sqlite.schema import ForeignKey, SchemaObject
    from pulumi_d1.sqlite.statements import Statement

KnownKeys: TypeAlias = "dict[tuple[str, str], tuple[ForeignKey, ...]]"
"""The foreign keys of tables, by name and SQL text of the table."""

_DROPS: Final = ("DROP_TABLE", "DROP_VTABLE")
_MAY_DELETE: Final = frozenset({"drop", "delete", "with"})


def observe(
    connection: apsw.Connection, script: str, *, rows_known: bool, known: KnownKeys | None = None
) -> Observation:
    """Run a script as one request.

    Args:
        connection: A connection from `schema.build` or `sandbox.open_database`.
        script: Any number of statements.
        rows_known: True if the database has the rows that the real one will have. If not, a failed constraint proves
            nothing.
        known: Foreign keys that were read for earlier scripts. Those read now are added.
    """
    known = {} if known is None else known
    attempt = _Attempt()
    while True:
        try:
            return _observe(connection, script, known, attempt, rows_known=rows_known)
        except _TransactionEnded as ended:
            if ended.cause:
                attempt.fatal[ended.cause[1].statement.offset] = ended.cause
            else:
                attempt.batch_inserts = False


@dataclass(slots=True)
class _Attempt:
    """Lessons of earlier attempts to run a script.

    Attributes:
        fatal: Errors that ended the transaction, with their step, by offset of the statement. It does not run again.
        batch_inserts: True if a run of similar INSERTs may run as one text.
    """

    fatal: dict[int, tuple[SqlError, Step]] = field(default_factory=dict)
    batch_inserts: bool = True


class _TransactionEnded(Exception):
    """SQLite has rolled back the whole transaction instead of one statement.

    Attributes:
        cause: The undecided error and its step; None if it was one of several INSERTs that ran as one text.
    """

    def __init__(self, cause: tuple[SqlError, Step] | None = None) -> None:
        super().__init__()
        self.cause = cause


def _observe(
    connection: apsw.Connection, script: str, known: KnownKeys, attempt: _Attempt, *, rows_known: bool
) -> Observation:
    """Make one attempt to run a script.

    Raises:
        _TransactionEnded: An undecided error ended the transaction.
    """
    run = _ScriptRun(connection, script, known, attempt, rows_known)
    try:
        run.run()
    except SqlError as error:
        if error.statement is None and not rows_known:  # a foreign key, at the commit
            with _no_foreign_keys(connection):
                again = observe(connection, script, rows_known=rows_known, known=known)
            return replace(again, undecided=(*again.undecided, error))
        return Observation(tuple(run.steps), error, tuple(run.undecided), frozenset())
    return Observation(tuple(run.steps), None, tuple(run.undecided), _rebuilt(connection, run.steps))


@dataclass(slots=True)
class _ScriptRun:
    """One attempt to run a script, statement by statement.

    Attributes:
        foreign_keys: Those of the current schema; None until a statement needs them.
        one_by_one_until: Offset of the script up to which similar INSERTs run one by one.
    """

    connection: apsw.Connection
    script: str
    known: KnownKeys
    attempt: _Attempt
    rows_known: bool
    steps: list[Step] = field(default_factory=list)
    undecided: list[SqlError] = field(default_factory=list)
    foreign_keys: tuple[ForeignKey, ...] | None = None
    one_by_one_until: int = 0
    recording: Recording = field(init=False)
    execute: Callable[[int, Query], StatementResult] = field(init=False)
    restart_clock: Callable[[], None] = field(init=False)

    def run(self) -> None:
        """Run the script in one transaction.

        Raises:
            SqlError: D1 would refuse a statement or the commit.
            _TransactionEnded: An undecided error ended the transaction.
        """
        if not self.attempt.batch_inserts:
            self.one_by_one_until = len(self.script)
        with (
            transaction(self.connection) as self.execute,
            record_actions(self.connection) as self.recording,
            limit_time(self.connection) as self.restart_clock,
        ):
            statement = next_statement(self.script)
            while statement:
                if fatal := self.attempt.fatal.get(statement.offset):
                    error, step = fatal
                    self.undecided.append(error)
                    self.steps.append(step)
                else:
                    statement = self._run(statement)
                statement = next_statement(self.script, statement)

    def _run(self, statement: Statement) -> Statement:
        """Run one statement, and the similar INSERTs after it. Return the last one that ran."""
        first = first_word(statement.text)
        if self.foreign_keys is None and first in _MAY_DELETE:
            self.foreign_keys = schema.foreign_keys(self.connection, self.known)
        columns = schema.column_names(self.connection, tokens(statement.text)[-1]) if first == "drop" else ()
        changed, error = self._try(statement)
        if first == "explain":  # SQLite prepares the explained statement, but does not run it
            self.recording.clear()
        if error is None and self._is_similar(statement):
            if statement.offset >= self.one_by_one_until:
                statement = self._run_similar(statement)
            self.steps[-1] = Step(statement, self.steps[-1].actions, reads=self.steps[-1].reads)
            return statement
        step = self._step(statement, changed=changed)
        self.steps.append(replace(step, dropped_columns=columns) if columns else step)
        if error:
            if not (_is_slow(error) or (_needs_rows(error) and not self.rows_known)):
                raise error
            self.undecided.append(error)
            if not self.connection.in_transaction:
                raise _TransactionEnded((error, self.steps[-1]))
        if changed:
            self.foreign_keys = None
        return statement

    def _try(self, statement: Statement) -> tuple[bool, SqlError | None]:
        """Run one statement. Return whether it changed the schema, and its error."""
        self.recording.clear()
        self.restart_clock()
        try:
            return self.execute(len(self.steps), Query(statement.text)).changed_schema, None
        except SqlError as error:
            return False, error

    def _is_similar(self, statement: Statement) -> bool:
        """Return whether the last two steps are the same INSERT with other values, and no comment is in between."""
        head = bulk_inserts.insert_head(statement.text)
        if len(self.steps) < 2 or not head:  # noqa: PLR2004 - the first and the last step stay
            return False
        actions, reads = tuple(self.recording.actions), self.recording.reads
        return (
            all(
                step.statement.text.startswith(head) and step.actions == actions and step.reads == reads
                for step in self.steps[-2:]
            )
            and not self.script[self.steps[-1].statement.end : statement.offset].strip()
        )

    def _run_similar(self, statement: Statement) -> Statement:
        """Run the INSERTs after `statement` that differ only in their values, many at once. Return the last one.

        If some of them fail, these run one by one afterwards, to find the one that fails.

        Raises:
            _TransactionEnded: One of them ended the transaction, or they took too long.
        """
        with trusted(self.connection):  # otherwise the authorizer repeats its calls for every INSERT
            while run := bulk_inserts.inserts_after(self.script, statement):
                text, last = run
                self.restart_clock()
                self.connection.execute("SAVEPOINT rows", can_cache=False)
                try:
                    self.connection.execute(text, can_cache=False)
                except (apsw.Error, ValueError):  # ValueError: the text is not valid Unicode
                    if not self.connection.in_transaction:
                        raise _TransactionEnded from None
                    self.connection.execute("ROLLBACK TO rows; RELEASE rows", can_cache=False)
                    self.one_by_one_until = last.end
                    return statement
                self.connection.execute("RELEASE rows", can_cache=False)
                statement = last
        self.one_by_one_until = 0
        return statement

    def _step(self, statement: Statement, *, changed: bool) -> Step:
        own = [action for action in self.recording.actions if not action.trigger]
        main = own[0] if own else None
        emptied = {action.name.lower() for action in own if action.verb == "DROP_TABLE"}
        if main and main.verb == "DELETE":
            emptied.add(main.name.lower())
        return Step(
            statement,
            tuple(self.recording.actions),
            changed,
            every_row=main is not None and main.verb in {"DELETE", "UPDATE"} and affects_every_row(statement.text),
            foreign_keys=_triggered(self.foreign_keys or (), emptied),
            conflict=None if changed else _conflict(self.connection, statement),
            reads=frozenset(self.recording.reads),
            empty_table_error=(
                empty_table_error(statement.text, main.name) if changed and main and main.verb == "ALTER_TABLE" else ""
            ),
        )


def _rebuilt(connection: apsw.Connection, steps: Iterable[Step]) -> frozenset[str]:
    """Return the tables that the steps drop and that exist at the end, in lower case."""
    first = [step.actions[0] for step in steps if step.actions]  # the others are those of a virtual table
    dropped = {action.name.lower() for action in first if action.verb in _DROPS}
    return schema.table_names(connection) & dropped if dropped else frozenset()


def _triggered(foreign_keys: tuple[ForeignKey, ...], emptied: set[str]) -> tuple[ForeignKey, ...]:
    """Return the foreign keys that reference the `emptied` tables, then those that their cascades trigger."""
    triggered: list[ForeignKey] = []
    while emptied:
        new = [key for key in foreign_keys if key.parent.lower() in emptied and key not in triggered]
        triggered += new
        emptied = {key.child.lower() for key in new if key.on_delete == "CASCADE"}
    return tuple(triggered)


def _conflict(connection: apsw.Connection, statement: Statement) -> SchemaObject | None:
    """Return the object that already has the name in a CREATE ... IF NOT EXISTS, if it is a different one."""
    if first_word(statement.text) != "create" or "exists" not in (words := tokens(statement.text))[:7]:
        return None
    at = words.index("exists") + 1
    wanted = words[: at - 3] + (words[at + 2 :] if words[at + 1 : at + 2] == (".",) else words[at:])
    name = wanted[at - 3] if len(wanted) > at - 3 else ""
    with trusted(connection):
        rows = connection.execute(f"{schema.SELECT} AND lower(name) = ?", (name,), can_cache=False).fetchall()
    existing = (schema.SchemaObject(*map(str, row)) for row in rows)
    return next((item for item in existing if tokens(item.sql) != wanted), None)


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
