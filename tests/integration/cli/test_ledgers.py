"""A table that is no ledger, and a damaged one, are one clear message in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger

if TYPE_CHECKING:
    from tests.support.cli_project import Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
DRIZZLE = """
    CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric);
    INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('SECRET', 1764400000000);
"""
LEDGER = ledger.create("d1_migrations")
LOOSE = "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name, applied_at);"
BAD_ROWS = [
    (f"{LEDGER} INSERT INTO d1_migrations (id, name) VALUES (7, NULL)", "NULL as its name"),
    (f"{LEDGER} INSERT INTO d1_migrations (id, name) VALUES (7, X'534543524554')", "a blob as its name"),
    (f"{LOOSE} INSERT INTO d1_migrations (id, name) VALUES (7, 424242)", "a number as its name"),
    (f"{LOOSE} INSERT INTO d1_migrations (id, name) VALUES (6, 'SECRET'), (7, 'SECRET')", "the same name as the row"),
]


def assert_refused(project: Project, expected: str, *command: str) -> None:
    """Check that a command prints one message, without a traceback and without a value of a row."""
    done = project.d1(*command)
    assert done.returncode == 1, done.stdout
    assert expected in done.stderr
    for word in ("Traceback", "SECRET", "424242"):
        assert word not in done.stdout + done.stderr


@pytest.mark.parametrize("command", [("plan",), ("plan", "--json"), ("baseline", "--yes"), ("comment",)])
@pytest.mark.parametrize(
    ("schema", "table", "reason"),
    [
        (DRIZZLE, "__drizzle_migrations", "it has no column name"),
        ("CREATE VIEW log AS SELECT 1 AS id, 'SECRET' AS name, 2 AS applied_at", "log", "it is a view"),
        ("CREATE VIRTUAL TABLE log USING fts5(id, name, applied_at)", "log", "it is a virtual table"),
    ],
)
def test_case_31_the_ledger_of_another_tool_is_refused(
    project: Project, command: tuple[str, ...], schema: str, table: str, reason: str
) -> None:
    database = project.create()
    database.write(schema)
    (project.folder / "Pulumi.dev.yaml").write_text(f"config:\n  your-app:migrationsTable: {table}\n")
    before = database.bookmark()
    assert_refused(project, f"migrationsTable is '{table}', but that is no ledger: {reason}", *command)
    assert database.bookmark() == before


def test_another_tools_ledger_does_not_hinder_the_takeover(project: Project) -> None:
    database = project.create()
    for name in FILES:
        database.write((project.folder / "migrations" / name).read_text())
    database.write(DRIZZLE)
    assert_refused(project, "__drizzle_migrations: row 1 stands for no file", "baseline", "--yes")
    done = project.d1("baseline", "--yes", "--through", FILES[-1])
    assert done.returncode == 0, done.stderr
    done = project.d1("plan")
    assert (done.returncode, "table __drizzle_migrations is in the database" in done.stdout) == (3, True)


@pytest.mark.parametrize("command", [("plan",), ("baseline", "--yes"), ("comment",)])
@pytest.mark.parametrize(("sql", "reason"), BAD_ROWS)
def test_case_32_a_row_that_names_no_file_is_named_by_its_id(
    project: Project, command: tuple[str, ...], sql: str, reason: str
) -> None:
    project.create().write(sql)
    assert_refused(project, f"the ledger d1_migrations is damaged: the row with id 7 has {reason}", *command)
    assert_refused(project, 'DELETE FROM "d1_migrations" WHERE id = 7', *command)
