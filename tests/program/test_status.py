"""`d1 status` shows what is in the databases, not what the state remembers."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from infra.cloudflare.account import Account

if TYPE_CHECKING:
    from pathlib import Path

    from tests.program.conftest import Project

STATUS = (sys.executable, "-m", "infra.cli", "status")


def status(project: Project) -> dict[str, Any]:
    (environment,) = json.loads(project.run(*STATUS, "--json").stdout)
    found: dict[str, Any] = environment
    return found


def test_an_environment_is_not_started_then_up_to_date_then_gone(project: Project) -> None:
    assert status(project)["status"] == "not started"
    project.up()
    shown = status(project)
    assert (shown["status"], shown["last_migration"]) == ("up to date", "0003_create_files.sql")
    database = project.database()
    database.write("DELETE FROM d1_migrations WHERE id = 3")
    assert status(project)["status"] == "1 pending"
    Account(database.client, database.account_id).delete(database.database_id)
    assert status(project)["status"] == "gone"


def test_what_no_file_explains_is_named_by_status_refresh_and_preview(project: Project) -> None:
    project.up()
    assert "drift" not in project.preview()
    project.database().write(
        "CREATE TABLE debug (a); DROP INDEX idx_users_email; ALTER TABLE files ADD COLUMN note TEXT"
    )
    drift = [
        "column files.note is in the database, but no applied file makes it",
        "table debug is in the database, but no applied file makes it",
        "index idx_users_email is in the applied files, but not in the database",
    ]
    assert status(project)["drift"] == drift
    table = project.run(*STATUS).stdout
    assert "up to date, drifted" in table
    assert all(line in table for line in drift)
    refreshed = project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview").stdout
    previewed = project.preview()
    assert all(line in refreshed and line in previewed for line in drift)


def test_outside_of_a_project_there_is_one_message(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = project.run("sh", "-c", f"cd {elsewhere} && {' '.join(STATUS)}", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
