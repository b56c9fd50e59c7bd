"""Runs migrations on a local database that has the live schema and D1's rules, and no rows. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.observe import observe
from pulumi_d1.sqlite.statements import cut, first_word, normalize_newlines, position

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
    """A statement that D1 refuses, or would refuse on rows that the rehearsal does not have.

    Attributes:
        name: of the migration.
        line: of the file, from 1.
        column: of the line, in characters, from 1.
        message: D1's own.
        step: 0-based place of the statement in its file; None when it is the end of the transaction that is refused.
    """

    name: str
    line: int
    column: int
    message: str
    step: int | None


@dataclass(frozen=True, slots=True)
class RehearsedFile:
    """One migration, run.

    Attributes:
        migration: the file.
        steps: its statements, up to the refused one.
        rebuilt: names of the tables that it drops and makes again, in lower case.
    """

    migration: Migration
    steps: tuple[Step, ...]
    rebuilt: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the pending migrations do.

    Attributes:
        before: the live schema, without the ledger.
        after: the schema after the last file that ran, without the ledger.
        files: those that ran, and the one that was refused.
        refusal: the first one, which ends the rehearsal; None when every file ran.
        undecided: what the rows decide: constraints that failed for want of rows, and statements that take too long.
    """

    before: Schema
    after: Schema
    files: tuple[RehearsedFile, ...]
    refusal: Refusal | None
    undecided: tuple[Refusal, ...]

    @property
    def statements(self) -> Mapping[str, tuple[Statement, ...]]:
        """Of each file, by its name, as `landmarks` gives them."""
        return {file.migration.name: tuple(step.statement for step in file.steps) for file in self.files}


def rehearse(objects: Iterable[SchemaObject], pending: Sequence[Migration], table: str) -> Rehearsal:
    """Runs the pending migrations, each in a transaction of its own, until one is refused.

    Args:
        objects: the live schema, the ledger included.
        pending: the files, in order.
        table: name of the ledger.

    Raises:
        SqlError: the live schema can't be made here.
    """
    connection = schema.rebuilt(objects)
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
        undecided += (refusal_of(migration.name, script, observed.steps, error) for error in observed.undecided)
        if observed.refusal:
            refusal = refusal_of(migration.name, script, observed.steps, observed.refusal)
            break
    else:
        refusal = None
    after = schema.read(connection).without(table) if files else before
    return Rehearsal(before, after, tuple(files), refusal, tuple(undecided))


def made_by(applied: Iterable[Migration], table: str) -> Schema:
    """The schema that the applied migrations make, from nothing, without the ledger.

    They ran: a statement that fails here stood on something that no file makes, and is left out.
    """
    scripts = [ledger.create(table), *(normalize_newlines(migration.sql) for migration in applied)]
    statements = (statement.text for script in scripts for statement in cut(script))
    changing = (text for text in statements if first_word(text) in _CHANGES_SCHEMA)
    return schema.read(schema.made_by(changing)).without(table)


def refusal_of(name: str, script: str, steps: Sequence[Step], error: SqlError) -> Refusal:
    """Where in a file an error is.

    Args:
        name: of the file.
        script: its text, as it ran.
        steps: its statements, up to the one that was refused.
        error: whose `statement` counts these.
    """
    if error.statement is None:
        end = script.rstrip()
        return Refusal(name, *position(end, len(end)), str(error), None)
    statement = steps[error.statement].statement
    inside = len(statement.text.encode()[: error.offset or 0].decode(errors="ignore"))
    return Refusal(name, *position(script, statement.offset + inside), str(error), error.statement)
