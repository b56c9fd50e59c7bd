"""`d1 baseline` marks files as applied if the database is proven to have their schema."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite import schema
from tests.support.faults import arrange
from tests.support.reliability.impatient import sitecustomize

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
TABLE = "d1_migrations"
IMPATIENT = Path(sitecustomize.__file__).parent


@pytest.fixture
def older(project: Project) -> D1Api:
    """A database whose tables were all created by hand."""
    database = project.create()
    for name in FILES:
        database.write((project.folder / "migrations" / name).read_text())
    return database


def marked(database: D1Api) -> list[str]:
    return [row["name"] for row in database.read(ledger.select(TABLE))]


def refusal(project: Project, *arguments: str) -> str:
    result = project.d1("baseline", *arguments)
    assert result.returncode == 1, result.stdout
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("Error: ")


def has_no_ledger(database: D1Api) -> bool:
    return database.read(ledger.exists(TABLE)) == ()


def test_a_database_that_has_every_table_is_marked_in_one_write(project: Project, older: D1Api) -> None:
    before = older.bookmark()
    result = project.d1("baseline", "--yes")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        "your-app-db-dev has the schema that these files create. They will be marked as applied without running them:",
        *(f"  {name}" for name in FILES),
    ]
    restore = f"wrangler d1 time-travel restore your-app-db-dev --bookmark={before}"
    assert lines[4] == f"took bookmark {before}; restore command: {restore}"
    assert lines[5] == f"your-app-db-dev: marked 3 files; the ledger {TABLE} has 3, the last is {FILES[2]}"
    assert marked(older) == FILES
    (sql,) = [item.sql for item in schema.objects_from(older.read(schema.SELECT)) if item.name == TABLE]
    assert f"{sql};" == ledger.create(TABLE).replace("IF NOT EXISTS ", "")
    assert project.d1("plan").returncode == 0

    again = project.d1("baseline")
    assert (again.returncode, again.stdout) == (
        0,
        f"your-app-db-dev: nothing to mark: the ledger {TABLE} has all of these files\n",
    )


def test_the_rest_is_marked_if_wrangler_marked_some_and_new_files_stay_pending(project: Project, older: D1Api) -> None:
    older.write(f"{ledger.create(TABLE)}{ledger.insert(TABLE, FILES[0])}")
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    assert "table tags is in the applied files, but not in the database" in refusal(project, "--yes")
    assert marked(older) == FILES[:1]
    result = project.d1("baseline", "--yes", "--through", FILES[2])
    assert result.returncode == 0, result.stderr
    assert marked(older) == FILES
    assert project.d1("plan").returncode == 2


def test_drift_in_either_direction_is_listed_and_nothing_is_marked(project: Project, older: D1Api) -> None:
    older.write("CREATE TABLE debug (a); DROP INDEX idx_users_email")
    refused = refusal(project, "--yes")
    assert refused.startswith("nothing was marked: your-app-db-dev does not have the schema that these files create:\n")
    assert "\n  table debug is in the database, but no applied file creates it\n" in refused
    assert "\n  index idx_users_email is in the applied files, but not in the database\n" in refused
    assert has_no_ledger(older)


def test_a_file_that_cannot_run_proves_nothing(project: Project, older: D1Api) -> None:
    project.write("0004_ghost.sql", "\nCREATE INDEX of_nothing ON ghosts (id);\n")
    refused = refusal(project, "--yes")
    assert refused.startswith("nothing was marked: 0004_ghost.sql:2:1: D1 would refuse this on a new database")
    assert "no such table: main.ghosts" in refused
    assert has_no_ledger(older)


def test_a_file_that_writes_rows_is_named(project: Project, older: D1Api) -> None:
    project.write(
        "0004_seed.sql", "-- first\nINSERT INTO users (email, password_hash, name) VALUES ('a@b.c', 'x', 'Ada');\n"
    )
    result = project.d1("baseline", "--yes")
    assert "0004_seed.sql writes rows, which are not compared: make sure that the database has them\n" in result.stdout
    assert marked(older) == [*FILES, "0004_seed.sql"]
    assert older.read("SELECT * FROM users") == ()


def test_a_file_without_a_statement_is_named(project: Project, older: D1Api) -> None:
    project.write("0004_tags.sql", "-- Migration number: 0004\n")
    result = project.d1("baseline", "--yes")
    expected = "0004_tags.sql has no statement: once it is marked, SQL that is added to it will never run\n"
    assert expected in result.stdout
    assert marked(older) == [*FILES, "0004_tags.sql"]


def test_unproven_or_unconfirmed_marks_are_refused(project: Project, older: D1Api) -> None:
    unconfirmed = refusal(project)
    assert unconfirmed == "nothing was changed: there is no terminal to ask for confirmation; use --yes\n"
    assert refusal(project, "--through", "0009.sql").startswith("--through 0009.sql: there is no such file")
    assert refusal(project, "--stack", "prod").startswith("there is no database your-app-db-prod to mark migrations of")
    assert has_no_ledger(older)
    older.write(f"{ledger.create(TABLE)}{ledger.insert(TABLE, '0000_gone.sql')}")
    unknown = "names files that are not in the folder, so the schema they create is unknown: 0000_gone.sql"
    assert unknown in refusal(project, "--yes")
    assert marked(older) == ["0000_gone.sql"]


@pytest.mark.parametrize(("when", "code"), [("after", 0), ("before", 1)])
def test_after_a_lost_response_the_ledger_decides(project: Project, older: D1Api, when: str, code: int) -> None:
    faults = [{"fault": "drop", "when": when, "endpoint": "query", "contains": "INSERT"}]
    arrange(older.client, faults=faults)
    hasty = replace(project, environment={**project.environment, "PYTHONPATH": str(IMPATIENT)})
    result = hasty.d1("baseline", "--yes")
    assert result.returncode == code, result.stderr
    if code:
        assert re.search(r"the response was lost .*nothing was marked; run the same command again", result.stderr)
        assert has_no_ledger(older)
    else:
        assert marked(older) == FILES
