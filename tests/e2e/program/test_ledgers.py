"""A damaged ledger, and that of another tool: one message in every command; restore and destroy work nevertheless."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

DAMAGED = "the ledger d1_migrations is damaged: the row with id 7 has NULL as its name"
DRIZZLE = """
    CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric);
    INSERT INTO __drizzle_migrations (hash) VALUES ('SECRET');
"""
ALCHEMY = """
    ALTER TABLE d1_migrations RENAME TO taken;
    CREATE TABLE d1_migrations (id TEXT PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL);
    INSERT INTO d1_migrations SELECT printf('%05d', id), name, applied_at FROM taken;
    DROP TABLE taken;
    DROP TABLE __drizzle_migrations;
"""


def d1(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return project.run(sys.executable, "-m", "pulumi_d1.cli", *arguments, check=False)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command printed that failed with a message."""
    text = done.stdout + done.stderr
    assert done.returncode != 0, text
    assert "Traceback" not in text
    assert "SECRET" not in text
    return text


def test_case_32_a_damaged_ledger_is_one_message_until_a_restore_repairs_it(migrated: Project) -> None:
    database = migrated.database()
    bookmark = database.bookmark()
    database.write("INSERT INTO d1_migrations (id, name) VALUES (7, NULL)")
    for command in ("preview", "up", "refresh"):
        options = () if command == "preview" else ("--yes", "--skip-preview")
        assert DAMAGED in refused(migrated.pulumi(command, "--stack", "dev", *options, check=False))
    assert DAMAGED in refused(d1(migrated, "history"))
    [development] = [row for row in json.loads(d1(migrated, "status", "--json").stdout) if row["stack"] == "dev"]
    assert development["error"].startswith(DAMAGED)

    done = d1(migrated, "restore", "--bookmark", bookmark, "--yes")
    assert done.returncode == 0, done.stderr
    assert DAMAGED in done.stdout
    assert d1(migrated, "plan").returncode == 0


def test_case_31_the_ledger_of_another_tool_is_refused_and_the_database_can_be_destroyed(migrated: Project) -> None:
    migrated.database().write(DRIZZLE)
    migrated.pulumi("config", "set", "migrationsTable", "__drizzle_migrations", "--stack", "dev")
    expected = "migrationsTable is '__drizzle_migrations', but that is no ledger: it has no column name"
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        assert expected in refused(migrated.pulumi(*command, "--stack", "dev", check=False))
    migrated.pulumi("config", "rm", "migrationsTable", "--stack", "dev")
    migrated.database().write(ALCHEMY)
    shown = refused(migrated.pulumi("preview", "--stack", "dev", check=False))
    assert 'ALTER TABLE "d1_migrations" RENAME TO "d1_migrations_old";' in shown
    assert d1(migrated, "baseline", "--yes", "--drop-old-tables").returncode == 0
    migrated.pulumi("preview", "--stack", "dev")
    migrated.database().write("INSERT INTO d1_migrations (id, name) VALUES (7, NULL)")
    done = migrated.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert "exported your-app-db-dev before its deletion" in done.stdout


def test_cases_39_and_40_a_preview_names_files_that_do_nothing(project: Project) -> None:
    project.write("0004_tags.sql", "-- Migration number: 0004\n")
    project.write("0005_tags.SQL", "")
    shown = project.preview()
    assert "migrations/0004_tags.sql has no statement: it would be recorded as applied" in shown
    assert "passed over: migrations/0005_tags.SQL (only names that end in .sql, in lower case, are read" in shown
    project.pulumi("stack", "init", "prod")
    stopped = refused(project.up("prod", check=False))
    assert "nothing was applied:" in stopped
    assert "migrations/0004_tags.sql has no statement: it would be recorded as applied" in stopped
