"""Run migrations on a local database with the live schema, D1's rules and no rows. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.observe import observe
from pulumi_d1.sqlite.statements import first_word, iter_statements, normalize_newlines, position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.errors import SqlError
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import ForeignKey, Schema, SchemaObject
    from pulumi_d1.sqlite.statements import Statement

_CHANGES_SCHEMA: Final = frozenset({"create", "alter", "drop"})


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
class RehearsedFile:
    """One migration that ran.

    Attributes:
        steps: Its statements, up to a refused one.
        rebuilt: Names of the tables that it drops and creates again, in lower case.
    """

    migration: Migration
    steps: tuple[Step, ...]
    rebuilt: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The result of running the pending migrations locally.

    Attributes:
        before: The live schema, without the ledger.
        after: The schema after the last file that ran, without the ledger.
        files: The files that ran, and the refused one.
        refusal: The refusal that ended the rehearsal; None if every file ran.
        undecided: Statements that depend on the live rows: a constraint failed without them, or they take too long.
    """

    before: Schema
    after: Schema
    files: tuple[RehearsedFile, ...]
    refusal: Refusal | None
    undecided: tuple[Refusal, ...]

    @property
    def statements(self) -> Mapping[str, tuple[Statement, ...]]:
        """The statements of each file by its name, as `iter_condensed` yields them."""
        return {file.migration.name: tuple(step.statement for step in file.steps) for file in self.files}


def rehearse(objects: Iterable[SchemaObject], pending: Sequence[Migration], table: str) -> Rehearsal:
    """Run the pending migrations, each in its own transaction, until one is refused.

    Args:
        objects: The live schema, including the ledger.
        pending: The files, in order.

    Raises:
        SqlError: The live schema cannot be created in the local SQLite.
    """
    connection = schema.build(objects)
    before = schema.read(connection).without(table)
    connection.execute(ledger.create(table))
    files: list[RehearsedFile] = []
    undecided: list[Refusal] = []
    rows_known = not before.tables
    known: dict[tuple[str, str], tuple[ForeignKey, ...]] = {}
    for migration in pending:
        script = normalize_newlines(migration.sql)
        observed = observe(connection, script, rows_known=rows_known, known=known)
        files.append(RehearsedFile(migration, observed.steps, observed.rebuilt))
        undecided += (locate_refusal(migration.name, script, observed.steps, error) for error in observed.undecided)
        if observed.refusal:
            refusal = locate_refusal(migration.name, script, observed.steps, observed.refusal)
            break
    else:
        refusal = None
    after = schema.read(connection).without(table) if files else before
    return Rehearsal(before, after, tuple(files), refusal, tuple(undecided))


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
