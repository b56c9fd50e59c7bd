"""A local database under D1's rules, at the version before a migration. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database, trusted
from pulumi_d1.sqlite.statements import normalize_newlines, position, split

if TYPE_CHECKING:
    from pulumi_d1.errors import SqlError
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.execute import SQLValue, StatementResult


class LocalDatabase:
    """A database in memory that has run some migrations.

    Args:
        table: The name of the ledger, which is there and empty; empty for none.
    """

    def __init__(self, table: str) -> None:
        self._connection = open_database(":memory:")
        if table:
            run_script(self._connection, ledger.create(table))

    def migrate(self, migration: Migration) -> None:
        """Run a migration as D1 does: in one transaction.

        Raises:
            SqlError: D1 would refuse it.
        """
        if not migration.is_empty:
            run_script(self._connection, normalize_newlines(migration.sql))

    def run(self, sql: str, *values: SQLValue) -> StatementResult:
        """Run a script in one transaction, and return the result of its last statement.

        Args:
            values: Values of the placeholders, if the script is one statement.

        Raises:
            SqlError: D1 would refuse it.
        """
        return run_script(self._connection, sql, values)[-1]

    def copy(self) -> LocalDatabase:
        """Return another database with the same schema and rows."""
        other = LocalDatabase("")
        with trusted(self._connection), trusted(other._connection):
            other._connection.deserialize("main", self._connection.serialize("main"))
        return other


def place(migration: Migration, error: SqlError) -> tuple[int, int]:
    """Return the line and column of an error of `migrate` in the file."""
    script = normalize_newlines(migration.sql)
    statements = split(script)
    if error.statement is None or error.statement >= len(statements):
        end = script.rstrip()
        return position(end, len(end))
    statement = statements[error.statement]
    if len(statements) == 1 and error.offset is not None:  # the comments before it count for the offset
        return position(script, offset_in(script, error))
    return position(script, statement.offset + offset_in(statement.text, error))


def offset_in(sql: str, error: SqlError) -> int:
    """Return the offset of an error in a statement, in characters."""
    return len(sql.encode()[: error.offset or 0].decode(errors="ignore"))
