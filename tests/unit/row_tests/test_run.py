"""A test runs on a database of its own; what fails is named with file, line and column, and without values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.migrations.folder import Migration, migrations_folder
from pulumi_d1.row_tests.row_test import read_tests
from pulumi_d1.row_tests.run import run_tests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);")
SESSIONS = Migration(
    "0002_sessions.sql", "CREATE TABLE sessions (user INTEGER REFERENCES users (id) ON DELETE CASCADE, n UNIQUE);"
)
REBUILD = Migration(
    "0003_rebuild.sql",
    """
    CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO new SELECT id, name FROM users;
    DROP TABLE users;
    ALTER TABLE new RENAME TO users;
    """,
)
FOREIGN_KEY = "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
ROWS = "INSERT INTO users VALUES (1, 'Ada');\nINSERT INTO sessions VALUES (1, 7);\n-- d1:after\n"

Found = dict[str, Any]
"""File, line, column and message of each test's failure, by its name; None for one that passed."""


@pytest.fixture
def failures(tmp_path: Path) -> Callable[..., Found]:
    """Return a function that runs tests, given by the names of their files with `_` in front."""

    def run(*migrations: Migration, **texts: str) -> Found:
        folder = tmp_path / "migrations" / "tests"
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / f"{name[1:]}.sql").write_text(text)
        tests = read_tests(migrations_folder("migrations", "", tmp_path), migrations)
        results = run_tests(migrations, tests, "d1_migrations")
        return {
            result.name: (failure.file, failure.line, failure.column, failure.message)
            if (failure := result.failure)
            else None
            for result in results
        }

    return run


def test_a_rebuild_whose_cascade_deletes_rows_fails_only_with_rows(failures: Callable[..., Found]) -> None:
    check = "SELECT count(*) = 1 FROM users;\nSELECT count(*) = 1 FROM sessions;"
    assert failures(
        USERS, SESSIONS, REBUILD, _0003_rebuild=ROWS + check, **{"_0003_rebuild.empty": "-- d1:after\nSELECT 1;"}
    ) == {
        "0003_rebuild.sql": ("tests/0003_rebuild.sql", 5, 1, "column 1 of row 1 is not true"),
        "0003_rebuild.empty.sql": None,
    }


@pytest.mark.parametrize(
    ("check", "failure"),
    [
        ("SELECT 1, 2.5 FROM users;", None),
        ("SELECT 1 FROM users WHERE id = 9;", (4, 1, "returns no row: SELECT a comparison")),
        ("SELECT 1; SELECT 1, NULL;", (4, 11, "column 2 of row 1 is NULL, not true")),
        ("SELECT 1 UNION ALL SELECT 0;", (4, 1, "column 1 of row 2 is not true")),
        ("SELECT name FROM users;", (4, 1, "column 1 of row 1 is a text, not true: compare it")),
        ("INSERT INTO sessions VALUES (1, 8);", None),
        ("INSERT INTO sessions VALUES (1, 7);", (4, 1, "D1 refuses this: UNIQUE constraint failed: sessions.n")),
        ("SELECT nope;", (4, 8, "D1 refuses this: no such column: nope")),
        ("-- d1:refused UNIQUE\nINSERT INTO sessions VALUES (1, 7);", None),
        ("-- d1:refused CHECK\nINSERT INTO sessions VALUES (1, 7);", (5, 1, "is refused with another error: UNIQUE")),
        ("-- d1:refused\nINSERT INTO sessions VALUES (1, 8);", (5, 1, "is not refused")),
        ("-- d1:refused FOREIGN KEY\nINSERT INTO sessions VALUES (2, 8);", None),
        ("BEGIN;", (4, 1, "D1 refuses this: To execute a transaction")),
    ],
)
def test_each_check_passes_or_has_a_reason(
    failures: Callable[..., Found],
    check: str,
    failure: tuple[int, int, str] | None,
) -> None:
    nothing = Migration("0003_no.sql", "SELECT 1;")
    found = failures(USERS, SESSIONS, nothing, _0003_no=ROWS + check)["0003_no.sql"]
    if failure is None:
        assert found is None
    else:
        assert found[:3] == ("tests/0003_no.sql", *failure[:2])
        assert found[3].startswith(failure[2])
        assert "Ada" not in found[3]


def test_rows_that_the_version_before_refuses_fail_the_test(failures: Callable[..., Found]) -> None:
    sql = "INSERT INTO sessions VALUES (1, 7);\n-- d1:after\nSELECT 1;"
    assert failures(USERS, SESSIONS, REBUILD, _0003_rebuild=sql) == {
        "0003_rebuild.sql": (
            "tests/0003_rebuild.sql",
            1,
            1,
            f"D1 refuses this: {FOREIGN_KEY}",
        )
    }


def test_a_migration_that_rows_refuse_is_named_with_its_own_place(failures: Callable[..., Found]) -> None:
    sql = "INSERT INTO users VALUES (1, NULL);\n-- d1:after\nSELECT 1;"
    found = failures(USERS, SESSIONS, REBUILD, _0003_rebuild=sql)
    assert found["0003_rebuild.sql"][:3] == ("0003_rebuild.sql", 3, 5)
    assert "NOT NULL constraint failed: new.name" in found["0003_rebuild.sql"][3]


def test_a_broken_migration_fails_the_tests_behind_it_and_none_before(failures: Callable[..., Found]) -> None:
    broken = Migration("0002_broken.sql", "SELECT 1;\nSELECT nope;")
    last = Migration("0003_last.sql", "SELECT 1;")
    check = "-- d1:after\nSELECT 1;"
    found = failures(USERS, broken, last, _0001_users=check, _0003_last=check)
    assert found["0001_users.sql"] is None
    assert found["0003_last.sql"][:3] == ("0002_broken.sql", 2, 8)
