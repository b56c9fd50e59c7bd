"""Run a script and observe what each statement does, as SQLite reports it."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite import bulk_inserts, schema
from pulumi_d1.sqlite.difference import same_definition
from pulumi_d1.sqlite.execute import Query, transaction
from pulumi_d1.sqlite.fates import compare, id_restarts, next_ids
from pulumi_d1.sqlite.messages import hide_values
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.observation import Observation, Step
from pulumi_d1.sqlite.probe import affects_every_row, empty_table_error
from pulumi_d1.sqlite.recorder import add_rows, record
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import first_word, next_statement, quoted, tokens
from pulumi_d1.sqlite.strings import find_string, find_string_inside
from pulumi_d1.sqlite.table_copies import COLUMNS, TableCopies, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from pulumi_d1.sqlite.execute import StatementResult
    from pulumi_d1.sqlite.fates import IdRestart, TableFate
    from pulumi_d1.sqlite.observation import StringName
    from pulumi_d1.sqlite.recorder import Action, Recording
    from pulumi_d1.sqlite.schema import ForeignKey, SchemaObject
    from pulumi_d1.sqlite.statements import Statement

KnownKeys: TypeAlias = "dict[tuple[str, str], tuple[ForeignKey, ...]]"
"""The foreign keys of tables, by name and SQL text of the table."""

OVER_BUDGET: Final = (apsw.InterruptError, apsw.NoMemError)
"""The causes of an SqlError that is no answer of D1: the rehearsal ran out of time or memory."""

_LOSES_ROWS: Final = frozenset({"DELETE", "UPDATE", "DROP_TABLE", "DROP_VTABLE"})
_TRIGGERS_KEYS: Final = frozenset({"DELETE", "UPDATE", "DROP_TABLE", "INSERT"})
_READS_ROWS: Final = frozenset({"ALTER_TABLE", "CREATE_INDEX"})
_USES_ROWS: Final = frozenset({"insert", "replace", "update", "delete", "select", "with"})
_ACTS: Final = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
_INSERT: Final = re.compile(r"insert\s+into\b", re.IGNORECASE)


def observe(  # noqa: PLR0913 - a run depends on all of these
    connection: apsw.Connection,
    script: str,
    *,
    rows_known: bool,
    known: KnownKeys | None = None,
    watch: Callable[[Statement], None] = lambda _: None,
    skipped: Collection[str] = (),
) -> Observation:
    """Run a script as one request.

    Args:
        connection: A connection from `schema.build` or `sandbox.open_database`.
        script: Any number of statements.
        rows_known: True if the database has rows that the real one has too. If not, a failed constraint proves nothing.
        known: Foreign keys that were read for earlier scripts. Those read now are added.
        watch: Called before each statement.
        skipped: Folded names of tables whose rows do not matter.
    """
    known = {} if known is None else known
    attempt = _Attempt(watch, skipped)
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
        watch: Called before each statement.
        skipped: Folded names of tables whose rows do not matter.
        fatal: Errors that ended the transaction, with their step, by offset of the statement. It does not run again.
        batch_inserts: True if a run of similar INSERTs may run as one text.
    """

    watch: Callable[[Statement], None]
    skipped: Collection[str]
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
                again = observe(
                    connection, script, rows_known=rows_known, known=known, watch=attempt.watch, skipped=attempt.skipped
                )
            return replace(again, undecided=(*again.undecided, error))
        return Observation(tuple(run.steps), error, tuple(run.undecided), (), ())
    return Observation(tuple(run.steps), None, tuple(run.undecided), run.fates, run.restarts)


@dataclass(slots=True)
class _ScriptRun:
    """One attempt to run a script, statement by statement.

    Attributes:
        foreign_keys: Those of the current schema that were needed, by the folded name of the parent.
        replaces: True if a table or trigger of the current schema has REPLACE in its text; None until needed.
        one_by_one_until: Offset of the script up to which similar INSERTs run one by one.
        prepared: The actions of the current statement; None until it is prepared.
        string: Its first word in double quotes that is a string; None if there is none.
    """

    connection: apsw.Connection
    script: str
    known: KnownKeys
    attempt: _Attempt
    rows_known: bool
    steps: list[Step] = field(default_factory=list)
    undecided: list[SqlError] = field(default_factory=list)
    fates: tuple[TableFate, ...] = ()
    restarts: tuple[IdRestart, ...] = ()
    foreign_keys: dict[str, tuple[ForeignKey, ...]] = field(default_factory=dict)
    replaces: bool | None = None
    one_by_one_until: int = 0
    prepared: tuple[Action, ...] | None = None
    string: StringName | None = None
    copies: TableCopies = field(init=False)
    recording: Recording = field(init=False)
    execute: Callable[..., StatementResult] = field(init=False)

    def run(self) -> None:
        """Run the script in one transaction.

        Raises:
            SqlError: D1 would refuse a statement or the commit, or the budget is used up.
            _TransactionEnded: An undecided error ended the transaction.
        """
        if not self.attempt.batch_inserts:
            self.one_by_one_until = len(self.script)
        self.copies = TableCopies(self.connection, self.attempt.skipped)
        with transaction(self.connection) as self.execute, record(self.connection) as self.recording:
            ids = next_ids(self.connection)
            statement = next_statement(self.script)
            while statement:
                if fatal := self.attempt.fatal.get(statement.offset):
                    error, step = fatal
                    self.undecided.append(error)
                    self.steps.append(step)
                else:
                    statement = self._run(statement)
                statement = next_statement(self.script, statement)
            try:
                self.fates = compare(self.copies, self.steps)
                self.restarts = id_restarts(ids, self.copies)
                self.copies.drop()
            except OVER_BUDGET as error:
                raise SqlError(str(error), statement=max(len(self.steps) - 1, 0)) from error

    def _run(self, statement: Statement) -> Statement:
        """Run one statement, and the similar INSERTs after it. Return the last one that ran."""
        first = first_word(statement.text)
        changed, error = self._try(statement)
        if error and not self.rows_known and self.prepared is not None and self.connection.in_transaction:
            changed, error = self._relax(statement, first, error)
        if first == "explain":  # SQLite prepares the explained statement, but does not run it
            self.recording.clear()
            self.prepared = ()
        if error is None and self._is_similar(statement):
            last = self.steps[-1]
            if statement.offset >= self.one_by_one_until:
                statement = self._run_similar(statement)
            self.steps[-1] = Step(
                statement, last.actions, reads=last.reads, rows=add_rows(last.rows, self.recording.rows)
            )
            return statement
        self.steps.append(self._step(statement, changed=changed))
        if error:
            needs_rows = isinstance(error.__cause__, apsw.ConstraintError) or self._only_values_fail(first)
            if isinstance(error.__cause__, OVER_BUDGET) or self.rows_known or not needs_rows:
                raise error
            self.undecided.append(error)
            if not self.connection.in_transaction:
                raise _TransactionEnded((error, self.steps[-1]))
        if changed:
            self.foreign_keys, self.replaces = {}, None
            if self.steps[-1].actions:
                self.copies.follow(self.steps[-1])
        return statement

    def _only_values_fail(self, first: str) -> bool:
        """Return whether a statement that fails was prepared and can fail only because of values, as in json(title)."""
        if self.prepared is None or not any(table for table, _ in self.recording.reads):
            return False
        return first in _USES_ROWS or any(action.verb == "CREATE_TABLE" for action in self.prepared[:1])

    def _try(self, statement: Statement) -> tuple[bool, SqlError | None]:
        """Run one statement. Return whether it changed the schema, and its error."""
        self.recording.clear()
        self.prepared = self.string = None
        self.attempt.watch(statement)
        prepare = partial(self._prepare, statement)
        try:
            return self.execute(len(self.steps), Query(statement.text), prepare).changed_schema, None
        except SqlError as error:
            if self.prepared is None or isinstance(error.__cause__, OVER_BUDGET):
                return False, error
            return False, self._without_values(statement, error)
        except OVER_BUDGET as error:
            self.steps.append(Step(statement, tuple(self.recording.actions)))
            raise SqlError(str(error), statement=len(self.steps) - 1) from error

    def _relax(self, statement: Statement, first: str, error: SqlError) -> tuple[bool, SqlError | None]:
        """Run a statement that fails on generated rows once more, without the rows that it fails on.

        Without its effect, the statements after it would run on rows that they never meet.
        """
        relaxed = statement.text
        with ExitStack() as stack:
            if first == "insert":
                relaxed = _INSERT.sub("INSERT OR IGNORE INTO", statement.text, count=1)
            elif first in {"drop", "delete"}:
                stack.enter_context(_no_foreign_keys(self.connection))
            elif first in {"alter", "create"} and self.prepared and self.prepared[0].verb in _READS_ROWS:
                action = self.prepared[0]
                table = action.name if action.verb == "ALTER_TABLE" else action.other
                with _no_foreign_keys(self.connection), trusted(self.connection):
                    self.connection.execute(f"DELETE FROM main.{quoted(table)}", can_cache=False)  # noqa: S608 - quoted
            else:
                return False, error
            changed, again = self._try(replace(statement, text=relaxed))
        if again is None:
            self.undecided.append(error)
            return changed, None
        return False, error

    def _prepare(self, statement: Statement) -> None:
        """Copy the tables aside that a prepared statement may change, and look for strings in double quotes."""
        self.prepared = tuple(self.recording.actions)
        if first_word(statement.text) == "explain":
            return
        if '"' in statement.text:
            columns = {column for _, column in self.recording.reads}
            for action in self.prepared[:1]:
                table = action.other if action.verb == "CREATE_INDEX" else action.name
                columns |= {str(name) for name, *_ in rows(self.connection, COLUMNS, table)}
            self.string = find_string(self.connection, statement.text, columns)
        tables = {
            fold(action.name)
            for action in self.prepared
            if action.verb in _LOSES_ROWS
            or (action.verb == "ALTER_TABLE" and action.other)
            or (action.verb == "INSERT" and self._may_replace(statement))
        }
        if tables and any(action.verb in _TRIGGERS_KEYS for action in self.prepared):
            tables |= {fold(key.child) for key in _triggered(self._keys_to, tables)}
        for table in sorted(tables):
            self.copies.take(table)

    def _may_replace(self, statement: Statement) -> bool:
        """Return whether an INSERT may be an INSERT OR REPLACE, its own or that of a trigger or constraint."""
        if "replace" in statement.text.lower():
            return True
        if self.replaces is None:
            with trusted(self.connection):
                sql = "SELECT 1 FROM sqlite_schema WHERE sql LIKE '%replace%' LIMIT 1"
                self.replaces = bool(self.connection.execute(sql, can_cache=False).fetchall())
        return self.replaces

    def _keys_to(self, parent: str) -> tuple[ForeignKey, ...]:
        if parent not in self.foreign_keys:
            self.foreign_keys[parent] = schema.foreign_keys(self.connection, self.known, parent)
        return self.foreign_keys[parent]

    def _without_values(self, statement: Statement, error: SqlError) -> SqlError:
        """Return an error of a running statement without values of rows."""
        with trusted(self.connection):
            sql = "SELECT ifnull(sql, '') FROM sqlite_schema"
            texts = [str(text) for (text,) in self.connection.execute(sql, can_cache=False)]
        message = hide_values(str(error), (statement.text, self.script, *texts))
        masked = SqlError(message, statement=error.statement, offset=error.offset)
        masked.__cause__ = error.__cause__
        return masked

    def _is_similar(self, statement: Statement) -> bool:
        """Return whether the last two steps are the same INSERT with other values, and no comment is in between."""
        head = bulk_inserts.insert_head(statement.text)
        if len(self.steps) < 2 or not head:  # noqa: PLR2004 - the first and the last step stay
            return False
        return (
            all(
                step.statement.text.startswith(head)
                and step.actions == self.prepared
                and step.reads == self.recording.reads
                for step in self.steps[-2:]
            )
            and not self.script[self.steps[-1].statement.end : statement.offset].strip()
        )

    def _run_similar(self, statement: Statement) -> Statement:
        """Run the INSERTs after `statement` that differ only in their values, many at once. Return the last one.

        If some of them fail, these run one by one afterwards, to find the one that fails.

        Raises:
            _TransactionEnded: One of them ended the transaction, or the budget is used up.
        """
        with trusted(self.connection):  # otherwise the authorizer repeats its calls for every INSERT
            while run := bulk_inserts.inserts_after(self.script, statement):
                text, last = run
                counted = dict(self.recording.changed)
                self.connection.execute("SAVEPOINT rows", can_cache=False)
                try:
                    self.connection.execute(text, can_cache=False)
                except (apsw.Error, ValueError):  # ValueError: the text is not valid Unicode
                    if not self.connection.in_transaction:
                        raise _TransactionEnded from None
                    self.connection.execute("ROLLBACK TO rows; RELEASE rows", can_cache=False)
                    self.recording.changed = counted
                    self.one_by_one_until = last.end
                    return statement
                self.connection.execute("RELEASE rows", can_cache=False)
                statement = last
        self.one_by_one_until = 0
        return statement

    def _affects_every_row(self, sql: str) -> bool:
        if string := self.string:  # a condition about a string in place of a column is the same for each row
            sql = f"{sql[: string.offset]}'{string.name}'{sql[string.offset + len(quoted(string.name)) :]}"
        return affects_every_row(sql)

    def _string_inside(self, sql: str, action: Action) -> StringName | None:
        """Return the first string in double quotes of a new view or trigger that a column could be."""
        if '"' not in sql or action.verb not in {"CREATE_VIEW", "CREATE_TRIGGER"}:
            return None
        table = f"main.{quoted(action.other or action.name)}"
        if action.verb == "CREATE_VIEW":
            return find_string_inside(self.connection, sql, [f"SELECT * FROM {table}"])  # noqa: S608 - quoted
        names = [quoted(name) for name, *_ in rows(self.connection, COLUMNS, action.other)]
        update = f"UPDATE {table} SET {', '.join(f'{name} = {name}' for name in names)}"  # noqa: S608 - quoted
        uses = [update, f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}"]  # noqa: S608 - quoted
        string = find_string_inside(self.connection, sql, uses)
        return string if string and string.is_column else None

    def _step(self, statement: Statement, *, changed: bool) -> Step:
        actions = tuple(self.recording.actions) if self.prepared is None else self.prepared
        own = [action for action in actions if not action.trigger]
        main = own[0] if own else None
        changes, reads = self.recording.rows, frozenset(self.recording.reads)
        emptied = {fold(action.name) for action in own if action.verb == "DROP_TABLE"}
        emptied |= {fold(main.name)} if main and main.verb in {"DELETE", "UPDATE"} else set()
        emptied |= {row.table for row in changes if row.verb in {"DELETE", "UPDATE"}}
        return Step(
            statement,
            actions,
            changed,
            every_row=main is not None
            and main.verb in {"DELETE", "UPDATE"}
            and self._affects_every_row(statement.text),
            rows=changes,
            foreign_keys=_triggered(self._keys_to, emptied) if emptied else (),
            conflict=None if changed else _conflict(self.connection, statement),
            reads=reads,
            string=self.string or (self._string_inside(statement.text, main) if changed and main else None),
            empty_table_error=(
                empty_table_error(statement.text, main.name) if changed and main and main.verb == "ALTER_TABLE" else ""
            ),
        )


def _triggered(keys_to: Callable[[str], Sequence[ForeignKey]], emptied: Iterable[str]) -> tuple[ForeignKey, ...]:
    """Return the foreign keys that reference the tables, then those that their actions trigger.

    Args:
        keys_to: Returns the foreign keys that reference a table, by its folded name.
        emptied: Folded names.
    """
    triggered: list[ForeignKey] = []
    tables = set(emptied)
    while tables:
        new = [key for table in sorted(tables) for key in keys_to(table) if key not in triggered]
        triggered += new
        tables = {fold(key.child) for key in new if {key.on_delete, key.on_update} & _ACTS}
    return tuple(triggered)


def _conflict(connection: apsw.Connection, statement: Statement) -> SchemaObject | None:
    """Return the object that already has the name in a CREATE ... IF NOT EXISTS, if it is a different one."""
    if first_word(statement.text) != "create" or "exists" not in (words := tokens(statement.text))[:7]:
        return None
    at = words.index("exists") + 1
    name = words[at + 2] if words[at + 1 : at + 2] == (".",) else words[at] if at < len(words) else ""
    with trusted(connection):
        rows = connection.execute(f"{schema.SELECT} AND lower(name) = ?", (name,), can_cache=False).fetchall()
    existing = (schema.SchemaObject(*map(str, row)) for row in rows)
    return next((item for item in existing if not same_definition(item.sql, statement.text)), None)


@contextmanager
def _no_foreign_keys(connection: apsw.Connection) -> Iterator[None]:
    before = connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, -1)  # asks
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 0)
    try:
        yield
    finally:
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, before)
