"""`d1 test` gives the verdict that the real D1 engine gives for the same rows, migrations and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations.folder import Migration, migrations_folder
from pulumi_d1.row_tests.row_test import read_tests
from pulumi_d1.row_tests.run import run_tests
from pulumi_d1.sqlite.statements import split
from tests.support.sqlite.transcript import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.workerd import Service

TABLES = Migration(
    "0001_tables.sql",
    """
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE sessions (id TEXT PRIMARY KEY, user INTEGER REFERENCES users (id) ON DELETE CASCADE);
    """,
)
REBUILD = "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT {}); INSERT INTO n SELECT * FROM users; {}"
SWAP = "DROP TABLE users; ALTER TABLE n RENAME TO users;"
CASES = {
    "a rebuild that deletes sessions": (REBUILD.format("", SWAP), False),
    "a rebuild that null refuses": (REBUILD.format("NOT NULL", SWAP), False),
    "a new column": ("ALTER TABLE users ADD COLUMN age INTEGER NOT NULL DEFAULT 0;", True),
    "a unique index": ("CREATE UNIQUE INDEX one ON users (name);", True),
    "foreign keys off, which D1 ignores": (f"PRAGMA foreign_keys = OFF; {REBUILD.format('', SWAP)}", False),
}
ROWS = "INSERT INTO users (id, name) VALUES (1, 'a'), (2, NULL); INSERT INTO sessions VALUES ('s', 1);"
CHECK = "SELECT count(*) = 1 FROM sessions;"


@pytest.mark.parametrize(("sql", "passes"), CASES.values(), ids=CASES)
def test_the_verdict_is_that_of_d1(real_engine: Service, tmp_path: Path, sql: str, passes: bool) -> None:  # noqa: FBT001
    migrations = (TABLES, Migration("0002_change.sql", sql))
    (tmp_path / "migrations" / "tests").mkdir(parents=True)
    (tmp_path / "migrations" / "tests" / "0002_change.sql").write_text(f"{ROWS}\n-- d1:after\n{CHECK}\n")
    [result] = run_tests(
        migrations, read_tests(migrations_folder("migrations", "", tmp_path), migrations), "d1_migrations"
    )

    database = real_engine.new()
    try:
        for script in (TABLES.sql, ROWS, sql):
            database(tuple({"sql": statement.text} for statement in split(script)))
        on_d1 = database(({"sql": CHECK},))[-1].rows == [[1]]
    except Refused:
        on_d1 = False
    assert (result.failure is None, on_d1) == (passes, passes)
