"""Run migrations on a local database with the live schema, D1's rules and rows. Sends nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.batches import read_batches
from pulumi_d1.migrations.rehearsal.broken import find_broken
from pulumi_d1.migrations.rehearsal.rows.made import fill_tables
from pulumi_d1.migrations.rehearsal.rows.options import Basis, BasisKind
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.observe import OVER_BUDGET, observe
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import first_word, iter_statements, normalize_newlines, position, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pulumi_d1.errors import SqlError
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.rehearsal.broken import Broken
    from pulumi_d1.sqlite.fates import IdRestart, TableFate
    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import ForeignKey, Schema, SchemaObject
    from pulumi_d1.sqlite.statements import Statement

_CHANGES_SCHEMA: Final = frozenset({"create", "alter", "drop"})
TOO_SLOW: Final = "{} takes longer than the budget of the rehearsal"
"""The message about a statement that used up the time."""

TOO_LARGE: Final = "{} needs more memory than a rehearsal may use"
"""The message about a statement that used up the memory."""

_WAIVER: Final = "d1:allow"
_FILLS: Final = frozenset({"CREATE_TABLE", "INSERT", "UPDATE"})
_FOREIGN_KEY: Final = "SQLITE_CONSTRAINT_FOREIGNKEY"
_VIOLATIONS: Final = "SELECT parent FROM pragma_foreign_key_check(?)"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A statement that D1 refuses, or that it may refuse depending on the live rows.

    Attributes:
        line: Line in the file, from 1.
        column: Column in the line, in characters, from 1.
        message: D1's own error.
        step: 0-based index into the file's steps; None if the commit is refused.
    """

    name: str
    line: int
    column: int
    message: str
    step: int | None


@dataclass(frozen=True, slots=True)
class Violation:
    """Rows that reference a missing row after a file, and did not before.

    Attributes:
        child: Folded name of their table.
        parent: The referenced table, as written.
        rows: Number of these rows.
    """

    child: str
    parent: str
    rows: int


@dataclass(frozen=True, slots=True)
class RehearsedFile:
    """One migration that ran.

    Attributes:
        steps: Its statements, up to a refused one.
        fates: What became of the rows that existed before.
        restarts: The tables of AUTOINCREMENT that would give ids again.
        violations: The rows that reference a missing one since this file.
        left: True if its statement would change rows again, although it is to run in batches until none is left.
    """

    migration: Migration
    steps: tuple[Step, ...] = ()
    fates: tuple[TableFate, ...] = ()
    restarts: tuple[IdRestart, ...] = ()
    violations: tuple[Violation, ...] = ()
    left: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The result of running the pending migrations locally.

    Attributes:
        before: The live schema, without the ledger.
        after: The schema after the last file that ran, without the ledger.
        files: The files that ran, and the refused one.
        basis: The rows that were there.
        refusal: The refusal that ended the rehearsal; None if every file ran.
        undecided: Statements that depend on the live rows: a constraint failed on generated ones.
        over_budget: The statement at which the time or the memory was used up; None if both were enough.
        broken: What fails afterwards and did not before.
        rows: Number of rows at the end, by folded name, of the tables that the files may have changed.
        empty_tables: Folded names of the tables of the live schema that have no rows.
    """

    before: Schema
    after: Schema
    files: tuple[RehearsedFile, ...]
    basis: Basis
    refusal: Refusal | None = None
    undecided: tuple[Refusal, ...] = ()
    over_budget: Refusal | None = None
    broken: tuple[Broken, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    empty_tables: frozenset[str] = frozenset()

    @property
    def ran(self) -> tuple[RehearsedFile, ...]:
        """The files that ran to their end. The one that was refused, or used up the budget, changes nothing."""
        return self.files[:-1] if self.refusal or self.over_budget else self.files

    @property
    def statements(self) -> Mapping[str, tuple[Statement, ...]]:
        """The statements of each file by its name, as `iter_condensed` yields them."""
        return {file.migration.name: tuple(step.statement for step in file.steps) for file in self.files}


def rehearse(  # noqa: PLR0913 - a rehearsal depends on all of these
    objects: Sequence[SchemaObject],
    pending: Sequence[Migration],
    table: str,
    basis: Basis,
    *,
    rows: Iterable[str] = (),
    watch: Callable[[int, Statement], None] = lambda _number, _statement: None,
) -> Rehearsal:
    """Run the pending migrations, each in its own transaction, until one is refused.

    Args:
        objects: The live schema, including the ledger.
        pending: The files, in order.
        basis: Where the rows come from. Generated rows are there before each file: the earlier files may have run long
            ago.
        rows: The statements that insert the live rows.
        watch: Called before each statement with the 0-based number of its file.

    Raises:
        SqlError: The live schema cannot be created in the local SQLite.
    """
    connection = schema.build(objects)
    with trusted(connection):
        connection.execute("PRAGMA temp_store = MEMORY", can_cache=False)  # so that one limit holds for all memory
    before = schema.read(connection).without(table)
    connection.execute(ledger.create(table))
    insert_rows(connection, rows)
    empty_tables = frozenset(fold(name) for name in before.tables if not _has_rows(connection, name))
    run = _Run(connection, table, basis, watch)
    for number, migration in enumerate(pending):
        if not run.file(number, migration):
            break
    after = schema.read(connection).without(table) if run.files else before
    ran = run.files[:-1] if run.refusal or run.over_budget else run.files  # a refused file changes nothing
    broken = find_broken(objects, after, [file.steps for file in ran])
    unfilled = tuple(sorted(run.unfilled))
    return Rehearsal(
        before,
        after,
        tuple(run.files),
        replace(basis, unfilled=unfilled),
        run.refusal,
        tuple(run.undecided),
        run.over_budget,
        broken,
        _count(connection, {fate.end for file in run.files for fate in file.fates}, after),
        empty_tables,
    )


def _has_rows(connection: apsw.Connection, table: str) -> bool:
    with trusted(connection):
        sql = f"SELECT 1 FROM {quoted(table)} LIMIT 1"  # noqa: S608 - the name is quoted
        return bool(connection.execute(sql, can_cache=False).fetchall())


def _count(connection: apsw.Connection, tables: set[str], after: Schema) -> dict[str, int]:
    with trusted(connection):
        return {
            table: int(connection.execute(f"SELECT count(*) FROM {quoted(table)}", can_cache=False).get)  # noqa: S608 - the name is quoted
            for table in sorted(tables)
            if table in after.columns
        }


def insert_rows(connection: apsw.Connection, statements: Iterable[str]) -> None:
    """Run the statements that insert rows, without triggers and checks of foreign keys."""
    switches = (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, apsw.SQLITE_DBCONFIG_ENABLE_FKEY)
    for switch in switches:
        connection.config(switch, 0)
    with trusted(connection):
        connection.execute("BEGIN", can_cache=False)
        for statement in statements:
            connection.execute(statement, can_cache=False)
        connection.execute("COMMIT", can_cache=False)
    for switch in switches:
        connection.config(switch, 1)


@dataclass(slots=True)
class _Run:
    """The run of the pending files on one local database.

    Attributes:
        filled: Tables that have generated rows, by folded name.
        own: Tables that the files created and filled themselves, by folded name. They have no live rows.
        known: Foreign keys that were read.
        violations: Rows that reference a missing row, by child and parent, as last counted; None before that.
    """

    connection: apsw.Connection
    table: str
    basis: Basis
    watch: Callable[[int, Statement], None]
    files: list[RehearsedFile] = field(default_factory=list)
    refusal: Refusal | None = None
    undecided: list[Refusal] = field(default_factory=list)
    over_budget: Refusal | None = None
    unfilled: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    known: dict[tuple[str, str], tuple[ForeignKey, ...]] = field(default_factory=dict)
    violations: Counter[tuple[str, str]] | None = None

    def file(self, number: int, migration: Migration) -> bool:
        """Run one file. Return whether the next one can run."""
        script, name = normalize_newlines(migration.sql), migration.name
        if self.basis.kind is BasisKind.MADE:
            self._fill()
        checks_keys = "foreign_keys" in script.lower()
        if checks_keys and self.violations is None:
            self.violations = self._count_violations()
        observed = observe(
            self.connection,
            script,
            rows_known=self.basis.kind is not BasisKind.MADE,
            known=self.known,
            watch=lambda statement: self.watch(number, statement),
            skipped=frozenset(self.own),
        )
        left = not observed.refusal and self._would_continue(migration)
        file = RehearsedFile(migration, observed.steps, observed.fates, observed.restarts, left=left)
        if self.basis.kind is not BasisKind.MADE:
            self._follow(observed.steps)
        self.undecided += (locate_refusal(name, script, observed.steps, error) for error in observed.undecided)
        if observed.refusal:
            refusal = locate_refusal(name, script, observed.steps, observed.refusal)
            if isinstance(observed.refusal.__cause__, OVER_BUDGET):
                is_slow = isinstance(observed.refusal.__cause__, apsw.InterruptError)
                words = (
                    f"{' '.join(observed.steps[-1].statement.text.split()[:4])} ..." if observed.steps else "the file"
                )
                self.over_budget = replace(refusal, message=(TOO_SLOW if is_slow else TOO_LARGE).format(words))
            else:
                self.refusal = self._with_orphans(refusal, script, observed.steps)
        elif checks_keys:
            file = replace(file, violations=self._new_violations())
        self.files.append(file)
        return not observed.refusal

    def _with_orphans(self, refusal: Refusal, script: str, steps: Sequence[Step]) -> Refusal:
        """Return the refusal of a foreign key with the rows that would reference a missing one: SQLite names none."""
        if _FOREIGN_KEY not in refusal.message or self.basis.kind is BasisKind.MADE:
            return refusal
        ran = script if refusal.step is None else script[: steps[refusal.step].statement.end]
        found: Counter[tuple[str, str]] = Counter()
        with trusted(self.connection):
            with suppress(apsw.ConstraintError, *OVER_BUDGET):  # RESTRICT is not deferred
                before = self._count_violations()
                self.connection.execute("BEGIN; PRAGMA defer_foreign_keys = ON", can_cache=False)
                self.connection.execute(ran, can_cache=False)
                found = self._count_violations() - before
            if self.connection.in_transaction:  # running out of memory has ended it
                self.connection.execute("ROLLBACK", can_cache=False)
        rows = [
            f"rows of {child} that reference no row of {parent}: {count:,}" for (child, parent), count in found.items()
        ]
        return replace(refusal, message="; ".join([refusal.message, *rows]))

    def _would_continue(self, migration: Migration) -> bool:
        """Return whether a file in batches would change rows again after all of them were changed."""
        try:
            batches = read_batches(migration)
        except ConfigError:  # lint reports it
            return False
        if batches is None:
            return False
        with trusted(self.connection):
            try:
                return bool(self.connection.execute(f"{batches.left()} LIMIT 1", can_cache=False).fetchall())
            except apsw.SQLError:  # the statement itself failed because of the rows
                return False

    def _follow(self, steps: Iterable[Step]) -> None:
        """Find the tables that the files create and fill themselves, without live rows."""
        for step in steps:
            action = step.actions[0] if step.actions else None
            change = parse_alter_table(step.statement.text) if step.changed_schema else None
            if action is None:
                continue
            name = fold(action.name)
            if step.changed_schema and action.verb == "CREATE_TABLE":
                self.own.add(name)
            if action.verb in _FILLS and {table for table, _ in step.reads} - self.own:
                self.own.discard(name)
            if change and change.kind is AlterKind.RENAME_TABLE and name in self.own:
                self.own = self.own - {name} | {change.new}
            elif action.verb == "DROP_TABLE":
                self.own.discard(name)

    def _fill(self) -> None:
        """Generate rows for the tables that have none yet."""
        names = schema.table_names(self.connection) - {fold(self.table)}
        if new := names - self.filled:
            self.unfilled |= fill_tables(self.connection, new)
        self.filled = set(names)

    def _new_violations(self) -> tuple[Violation, ...]:
        before, self.violations = self.violations or Counter(), self._count_violations()
        return tuple(Violation(*pair, rows) for pair, rows in (self.violations - before).items())

    def _count_violations(self) -> Counter[tuple[str, str]]:
        tables = schema.table_names(self.connection)
        keys = schema.foreign_keys(self.connection, self.known)
        children = {fold(key.child) for key in keys if fold(key.parent) in tables}
        counted: Counter[tuple[str, str]] = Counter()
        for child in children:
            try:
                with trusted(self.connection):
                    parents = self.connection.execute(_VIOLATIONS, (child,), can_cache=False).fetchall()
            except apsw.SQLError:
                continue  # the foreign key itself is broken, which `find_broken` reports
            counted.update((child, str(parent)) for (parent,) in parents if fold(str(parent)) in tables)
        return counted


def rehearse_both(  # noqa: PLR0913, PLR0917 - a rehearsal depends on all of these
    objects: Sequence[SchemaObject],
    pending: Sequence[Migration],
    table: str,
    kind: BasisKind,
    rows: Iterable[str],
    watch: Callable[[int, int], None] = lambda _number, _offset: None,
) -> tuple[Rehearsal, Rehearsal | None]:
    """Rehearse on the rows, and on generated rows if some tables are empty. This is the task of the other process.

    Args:
        rows: The statements that insert the live rows.
        watch: Called with the number of the file and the offset of the statement before each.

    Raises:
        SqlError: The live schema cannot be created in the local SQLite.
        apsw.Error: The rows cannot.
    """

    def watched(number: int, statement: Statement) -> None:
        watch(number, statement.offset)

    rehearsal = rehearse(objects, pending, table, Basis(kind), rows=rows, watch=watched)
    stopped = rehearsal.refusal or rehearsal.over_budget
    is_waived = any(_WAIVER in migration.sql for migration in pending)
    has_empty_tables = bool(rehearsal.empty_tables) and kind is not BasisKind.NEW
    if stopped or kind is BasisKind.MADE or not (has_empty_tables or is_waived):
        return rehearsal, None
    return rehearsal, rehearse(objects, pending, table, Basis(BasisKind.MADE), watch=watched)


def schema_of_files(applied: Iterable[Migration], table: str) -> Schema:
    """Return the schema that the applied migrations create, without the ledger.

    A statement that fails is skipped: it ran on D1, so it needs an object that no file creates.
    """
    scripts = [ledger.create(table), *(normalize_newlines(migration.sql) for migration in applied)]
    statements = (statement.text for script in scripts for statement in iter_statements(script))
    changing = (text for text in statements if first_word(text) in _CHANGES_SCHEMA)
    return schema.read(schema.build_from_statements(changing)).without(table)


def locate_refusal(name: str, script: str, steps: Sequence[Step], error: SqlError) -> Refusal:
    """Return an error with its line and column in the file.

    Args:
        script: Its text, as it ran.
        steps: Its statements, up to the refused one.
        error: The error. Its `statement` is an index into `steps`.
    """
    if error.statement is None:
        end = script.rstrip()
        return Refusal(name, *position(end, len(end)), str(error), None)
    statement = steps[error.statement].statement
    inside = len(statement.text.encode()[: error.offset or 0].decode(errors="ignore"))
    return Refusal(name, *position(script, statement.offset + inside), str(error), error.statement)
