"""Tests are SQL files with a migration's name and two parts. What could not fail is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import Migration, migrations_folder
from pulumi_d1.row_tests.row_test import read_tests

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.row_tests.row_test import RowTest

FILES = [Migration(name, "") for name in ("0001_a.sql", "0002_b.sql", "0002_b.c.sql", "0003_d/migration.sql")]


def read(folder: Path, name: str, sql: str, pattern: str = "") -> RowTest:
    """Return the test in a file."""
    (folder / "migrations" / "tests").mkdir(parents=True)
    (folder / "migrations" / "tests" / name).write_text(sql)
    [test] = read_tests(migrations_folder("migrations", pattern, folder), FILES)
    return test


@pytest.mark.parametrize(
    ("name", "migration"),
    [
        ("0001_a.sql", "0001_a.sql"),
        ("0001_a.empty.sql", "0001_a.sql"),
        ("0002_b.c.sql", "0002_b.c.sql"),
        ("0002_b.x.sql", "0002_b.sql"),
        ("0003_d.sql", "0003_d/migration.sql"),
    ],
)
def test_the_name_decides_which_migration_is_tested(tmp_path: Path, name: str, migration: str) -> None:
    assert read(tmp_path, name, "-- d1:after\nSELECT 1;").migration == migration


def test_the_mark_separates_rows_from_checks(tmp_path: Path) -> None:
    sql = """-- Some rows.
        INSERT INTO t VALUES ('-- d1:after');
        INSERT INTO t VALUES (2);
        -- d1:after
        SELECT 1; -- d1:refused is about the next one
        SELECT 2;
        -- d1:refused
        SELECT 3;
        SELECT 4;
    """
    test = read(tmp_path, "0001_a.sql", sql)
    assert [statement.line for statement in test.rows] == [2, 3]
    assert [(check.statement.text, check.refusal) for check in test.checks] == [
        ("SELECT 1;", None),
        ("SELECT 2;", "is about the next one"),
        ("SELECT 3;", ""),
        ("SELECT 4;", None),
    ]


@pytest.mark.parametrize(
    ("name", "sql", "message"),
    [
        ("0001_a.sql", "SELECT 1;", "0001_a.sql: needs one line '-- d1:after', but has none"),
        ("0001_a.sql", "-- d1:after\n-- d1:after\nSELECT 1;", "but has 2"),
        ("0001_a.sql", "SELECT 1;\n-- d1:after\n", "0001_a.sql: checks nothing"),
        ("0009_z.sql", "-- d1:after\nSELECT 1;", "0009_z.sql: tests no migration: give it the name of one"),
        ("0001_ab.sql", "-- d1:after\nSELECT 1;", "tests no migration"),
    ],
)
def test_a_file_that_is_no_test_is_refused(tmp_path: Path, name: str, sql: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, name, sql)
    assert message in str(error.value)
    assert str(error.value).startswith("migrations/tests/")


def test_a_pattern_that_reads_tests_as_migrations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="matches migrationsPattern, so it would run as a migration"):
        read(tmp_path, "0001_a.sql", "-- d1:after\nSELECT 1;", "migrations/*/*.sql")


def test_a_project_without_the_folder_has_no_tests(tmp_path: Path) -> None:
    assert read_tests(migrations_folder("migrations", "", tmp_path), FILES) == ()


def test_the_folder_of_the_tests_is_not_reported_as_passed_over(tmp_path: Path) -> None:
    read(tmp_path, "0001_a.sql", "-- d1:after\nSELECT 1;")
    (tmp_path / "migrations" / "test").mkdir()
    (tmp_path / "migrations" / "test" / "0001_a.sql").write_text("")
    [hint] = migrations_folder("migrations", "", tmp_path).hints()
    assert hint.startswith("passed over: migrations/test/0001_a.sql (")
