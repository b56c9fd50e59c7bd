"""Reverse an applied file: a new file that undoes its changes to the schema, and keeps what was written since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.rehearsal.rehearse import schema_of_files
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.difference import difference
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.recorder import record
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import first_word, iter_statements, normalize_newlines, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.schema import Schema
    from pulumi_d1.sqlite.statements import Statement

_WRITES: Final = frozenset({"insert", "replace", "update", "delete", "with"})
_CHANGES: Final = frozenset({"INSERT", "UPDATE", "DELETE"})


@dataclass(frozen=True, slots=True)
class Reversal:
    """The reverse of a file.

    Attributes:
        statements: Its statements, in order.
        reasons: Why there is none, in sentences; empty if there is one.
    """

    statements: tuple[str, ...]
    reasons: tuple[str, ...]


def reverse_file(files: Sequence[Migration], name: str, table: str) -> Reversal:
    """Return the statements that undo what a file does to the schema, proved on the schema of the files before it.

    Args:
        files: The folder's files, in order.
        table: The ledger.

    Raises:
        ConfigError: There is no such file.
    """
    place = next((number for number, file in enumerate(files) if file.name == name), None)
    if place is None:
        raise ConfigError(f"there is no migration {name}: give its name in the folder, as 'd1 history' prints it")
    before = schema_of_files(files[:place], table)
    connection = schema.build(before.objects.values())
    with trusted(connection):
        connection.execute(ledger.create(table), can_cache=False)
    run = _Run(connection, set())
    steps = [run.reverse(item) for item in iter_statements(normalize_newlines(files[place].sql))]
    reasons = tuple(reason for step in steps for reason in step.reasons)
    statements = tuple(statement for step in reversed(steps) for statement in step.statements)
    if reasons:
        return Reversal((), reasons)
    if not statements:
        return Reversal((), ("it changes nothing in the schema",))
    try:
        with trusted(connection):
            for statement in statements:
                connection.execute(statement, can_cache=False)
    except apsw.Error as error:
        return Reversal((), (f"SQLite refuses its reverse: {error}",))
    changes = difference(before, schema.read(connection).without(table))
    return Reversal(statements, tuple(f"its reverse would leave {change.name} {change.kind}" for change in changes))


@dataclass(frozen=True, slots=True)
class _Run:
    """A file that runs statement by statement on a database without rows.

    Attributes:
        created: Folded names of the tables that it created.
    """

    connection: apsw.Connection
    created: set[str]

    def reverse(self, statement: Statement) -> Reversal:
        """Run a statement and return its reverse."""
        before = schema.read(self.connection)
        first = first_word(statement.text)
        with record(self.connection) as recording:
            try:
                self.connection.execute(statement.text, can_cache=False)
            except apsw.Error as error:
                lacks_rows = first in _WRITES and isinstance(error, apsw.ConstraintError)
                if not lacks_rows:
                    reason = f"line {statement.line} cannot run on the schema of the files before it: {error}"
                    return Reversal((), (reason,))
        if first in _WRITES:
            written = {fold(action.name) for action in recording.actions if action.verb in _CHANGES}
            is_known = self.created.issuperset(written & set(map(fold, before.tables)))
            return Reversal((), () if is_known else (f"line {statement.line} changes rows, whose old values are gone",))
        after = schema.read(self.connection)
        if first == "alter":
            return self._altered(statement, before, after)
        return self._created_or_dropped(statement, before, after)

    def _altered(self, statement: Statement, before: Schema, after: Schema) -> Reversal:
        change = parse_alter_table(statement.text)
        old, new = ({fold(name): name for name in items.tables} for items in (before, after))
        if change and change.kind is AlterKind.RENAME_TABLE:
            was, now = next(iter(set(old) - set(new)), change.new), change.new
            if was in self.created:
                self.created.add(now)
            return Reversal((f"ALTER TABLE {quoted(new[now])} RENAME TO {quoted(old[was])};",), ())
        for name, columns in after.columns.items():
            earlier = before.columns.get(name, ())
            if len(columns) > len(earlier):
                return Reversal((f"ALTER TABLE {quoted(new[name])} DROP COLUMN {quoted(columns[-1].name)};",), ())
            for was_column, column in zip(earlier, columns, strict=False):
                if change and change.kind is AlterKind.RENAME_COLUMN and was_column.name != column.name:
                    renamed = f"RENAME COLUMN {quoted(column.name)} TO {quoted(was_column.name)}"
                    return Reversal((f"ALTER TABLE {quoted(new[name])} {renamed};",), ())
        return Reversal((), (f"line {statement.line} drops a column with its values",))

    def _created_or_dropped(self, statement: Statement, before: Schema, after: Schema) -> Reversal:
        statements: list[str] = []
        for key, item in after.objects.items():
            if key not in before.objects:
                statements.append(f"DROP {item.type.upper()} {quoted(item.name)};")
                if item.type == "table":
                    self.created.add(fold(item.name))
        gone = [item for key, item in before.objects.items() if key not in after.objects]
        dropped = [item.name for item in gone if item.type == "table"]
        if dropped and not self.created.issuperset(map(fold, dropped)):
            return Reversal((), (f"line {statement.line} drops {', '.join(dropped)} with its rows",))
        statements += (item.statement for item in gone)
        return Reversal(tuple(statements), ())
