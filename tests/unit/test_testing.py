"""The fixture `migration_test` of pulumi_d1.testing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError, SqlError
from pulumi_d1.testing import migration_test  # noqa: F401 - the fixture

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.testing import OpenMigration


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "0001_users.sql").write_text("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n")
    (migrations / "0002_names.sql").write_text(
        "ALTER TABLE users ADD COLUMN first TEXT;\nUPDATE users SET first = name;\n"
    )
    (migrations / "0003_unique.sql").write_text("\nCREATE UNIQUE INDEX one ON users (first);\n")
    monkeypatch.chdir(tmp_path)
    return migrations


def test_rows_at_the_version_before_are_there_after_the_migration(migration_test: OpenMigration) -> None:  # noqa: F811
    database = migration_test("0002_names.sql")
    database.run("INSERT INTO users (id, name) VALUES (?, ?)", 1, "Ada")
    with pytest.raises(SqlError, match="no such column: first"):
        database.rows("SELECT first FROM users")
    database.migrate()
    assert database.rows("SELECT first FROM users WHERE id = ?", 1) == [("Ada",)]


def test_what_d1_would_refuse_has_its_place(migration_test: OpenMigration) -> None:  # noqa: F811
    database = migration_test("0003_unique.sql")
    database.run("INSERT INTO users (first) VALUES ('Ada'), ('Ada')")
    with pytest.raises(SqlError, match=r"^0003_unique\.sql:2:1: UNIQUE constraint failed: users\.first"):
        database.migrate()
    assert database.rows("SELECT count(*) FROM users") == [(2,)]


def test_a_broken_migration_before_it_and_one_that_is_not_there(migration_test: OpenMigration, folder: Path) -> None:  # noqa: F811
    with pytest.raises(ConfigError, match=r"there is no migration 0009\.sql\. Migrations: 0001_users\.sql, 0002"):
        migration_test("0009.sql")
    (folder / "0002_names.sql").write_text("SELECT nope;")
    with pytest.raises(SqlError, match=r"^0002_names\.sql:1:8: no such column: nope"):
        migration_test("0003_unique.sql")
