"""A fixture of pytest for tests of migrations with rows. Write `pytest_plugins = ["pulumi_d1.testing"]` in conftest.py.

def test_names_are_split(migration_test):
    database = migration_test("0004_split_names.sql")
    database.run("INSERT INTO users (id, name) VALUES (1, 'Ada Lovelace')")
    database.migrate()
    assert database.rows("SELECT first, last FROM users") == [("Ada", "Lovelace")]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from pulumi_d1.cli.support import project
from pulumi_d1.errors import ConfigError, SqlError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.row_tests.local_database import LocalDatabase, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.execute import SQLValue

    OpenMigration: TypeAlias = Callable[..., "MigrationTest"]


class MigrationTest:
    """A local database under D1's rules, at the version before a migration."""

    def __init__(self, database: LocalDatabase, migration: Migration) -> None:
        self._database = database
        self._migration = migration

    def run(self, sql: str, *values: SQLValue) -> None:
        """Run a script in one transaction.

        Args:
            values: Values of the placeholders, if the script is one statement.

        Raises:
            SqlError: D1 would refuse it.
        """
        self._database.run(sql, *values)

    def rows(self, sql: str, *values: SQLValue) -> list[tuple[SQLValue, ...]]:
        """Return the rows of a query.

        Args:
            values: Values of the placeholders.

        Raises:
            SqlError: D1 would refuse it.
        """
        return list(self._database.run(sql, *values).rows)

    def migrate(self) -> None:
        """Run the migration.

        Raises:
            SqlError: D1 would refuse it. The message starts with the place in the file.
        """
        _migrate(self._database, self._migration)


@pytest.fixture
def migration_test() -> OpenMigration:
    """Return a function that opens a database at the version before a migration of the project around the folder."""
    return open_before


def open_before(name: str, *, stack: str = "dev") -> MigrationTest:
    """Return a database that has run the migrations before one.

    Args:
        name: The migration, as the ledger has it.
        stack: The stack whose migrations to read.

    Raises:
        ConfigError: There is no such migration.
        SqlError: D1 would refuse a migration before it.
    """
    folder = project.root()
    settings = project.settings(folder, stack, needs_account=False)
    files = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder).read()
    names = [file.name for file in files]
    if name not in names:
        raise ConfigError(f"there is no migration {name}. Migrations: {', '.join(names) or 'none'}")
    database = LocalDatabase(settings.migrations_table)
    for file in files[: names.index(name)]:
        _migrate(database, file)
    return MigrationTest(database, files[names.index(name)])


def _migrate(database: LocalDatabase, migration: Migration) -> None:
    try:
        database.migrate(migration)
    except SqlError as error:
        line, column = place(migration, error)
        raise SqlError(f"{migration.name}:{line}:{column}: {error}") from error
