"""`d1 status` shows what is in the databases, not what the state remembers."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.account import Account
from tests.support.pulumi_project import TOKEN

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

STATUS = (sys.executable, "-m", "pulumi_d1.cli", "status")
FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
DOCUMENT = "# Database\n\n<!-- d1 status -->\n<!-- /d1 status -->\n\nWritten by hand.\n"


def d1_status(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return project.run(*STATUS, *arguments, check=False)


def shown(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(d1_status(project, "--json").stdout)
    return found


def rows(project: Project) -> list[list[str]]:
    """Cells of the table, as the document has it."""
    file = project.folder / "status.md"
    file.write_text(DOCUMENT)
    done = d1_status(project, "--write", "status.md")
    assert (done.returncode, done.stdout) == (0, "status.md: written\n"), done.stderr
    text = file.read_text()
    before, after = DOCUMENT.split("<!-- /d1 status -->")
    assert text.startswith(before)
    assert text.endswith(f"<!-- /d1 status -->{after}")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_table_of_a_project_from_before_its_first_run_to_the_end_of_a_database(project: Project) -> None:
    local = ["Local", "Not Started", "-", "❌ (Local only)"]
    not_started = [["Development", "Not Started", "-", "✅"], ["Production", "Not Started", "-", "✅"], local]
    assert rows(project) == not_started

    for stack in ("pr-12", "pr-2"):
        project.pulumi("stack", "init", stack)
    project.up()
    project.up("pr-2")
    last = f"`{FILES[-1]}`"
    up_to_date = ["Development", "Up to Date", last, "✅"]
    others = [["`pr-2`", "Up to Date", last, "✅"], ["`pr-12`", "Not Started", "-", "✅"]]
    assert rows(project) == [up_to_date, not_started[1], local, *others]
    assert [item["stack"] for item in shown(project)] == ["dev", "prod", "", "pr-2", "pr-12"]

    permanent = json.loads(d1_status(project, "--stack", "dev", "--stack", "prod", "--json").stdout)
    assert [item["title"] for item in permanent] == ["Development", "Production", "Local"]
    unknown = d1_status(project, "--stack", "nope")
    assert unknown.stderr == "Error: there is no stack 'nope': this project has dev, pr-12, pr-2\n"

    database = project.database()
    database.write("DELETE FROM d1_migrations WHERE id > 1")
    (dev, *_) = shown(project)
    assert (dev["status"], dev["pending"]) == ("2 pending", FILES[1:])
    checked = d1_status(project, "--check", "status.md")
    assert checked.returncode == 1
    assert "-| Development | Up to Date | `0003_create_files.sql` | ✅ |" in checked.stdout
    # The tables of the two files are there, and no applied file makes them.
    assert f"+| Development | 2 Pending, Drifted | `{FILES[0]}` | ✅ |" in checked.stdout
    assert "d1 status --write status.md" in checked.stderr
    assert d1_status(project, "--write", "status.md").returncode == 0
    assert (d1_status(project, "--check", "status.md").stdout, checked.returncode) == ("", 1)

    Account(database.client, database.account_id).delete(database.database_id)
    assert rows(project)[0] == ["Development", "Gone", "-", "-"]


def test_production_may_be_called_production(project: Project) -> None:
    def stacks() -> list[tuple[str, str, str]]:
        return [(item["title"], item["stack"], item["status"]) for item in shown(project)]

    (project.folder / "Pulumi.prod.yaml").rename(project.folder / "Pulumi.production.yaml")
    dev, local = ("Development", "dev", "not started"), ("Local", "", "not started")
    assert stacks() == [dev, ("Production", "production", "not started"), local]
    project.pulumi("stack", "init", "production")
    project.up("production")
    assert stacks() == [dev, ("Production", "production", "up to date"), local]
    missing = d1_status(project, "--stack", "prod")
    assert missing.stderr == "Error: there is no stack 'prod': this project has dev, production\n"


def test_what_can_not_be_read_hides_nothing_else_and_is_not_written(migrated: Project) -> None:
    configuration = migrated.folder / "wrangler.toml"
    configuration.write_text("= broken")
    document = migrated.folder / "status.md"
    document.write_text(DOCUMENT)
    table = d1_status(migrated)
    assert table.returncode == 1
    assert "Up to Date" in table.stdout
    assert "Unreachable" in table.stdout
    assert table.stderr.startswith("Local: wrangler.toml: is not valid TOML")
    del migrated.environment["CLOUDFLARE_API_TOKEN"]
    configuration.unlink()
    table = d1_status(migrated)
    assert table.returncode == 1
    assert "Unreachable" in table.stdout
    assert "Not Started" in table.stdout
    assert table.stderr.startswith("Development: there is no Cloudflare API token")
    written = d1_status(migrated, "--write", "status.md")
    assert written.returncode == 1
    assert "Error: status.md: left unchanged" in written.stderr
    assert document.read_text() == DOCUMENT


def test_commands_use_the_stacks_secret_token_if_the_environment_has_none(migrated: Project) -> None:
    del migrated.environment["CLOUDFLARE_API_TOKEN"]
    migrated.pulumi("config", "set", "--secret", "cloudflare:apiToken", TOKEN, "--stack", "dev")
    (development, *_) = shown(migrated)
    assert development["status"] == "up to date"
    plan = migrated.run(sys.executable, "-m", "pulumi_d1.cli", "plan", "--stack", "dev")
    assert TOKEN not in plan.stdout + plan.stderr
    migrated.environment["PULUMI_CONFIG_PASSPHRASE"] = "another one"
    failed = migrated.run(sys.executable, "-m", "pulumi_d1.cli", "plan", "--stack", "dev", check=False)
    assert failed.returncode == 1
    assert "incorrect passphrase" in failed.stderr


def test_what_no_file_explains_is_named_by_status_refresh_and_preview(migrated: Project) -> None:
    assert "drift" not in migrated.preview()
    migrated.database().write(
        "CREATE TABLE debug (a); DROP INDEX idx_users_email; ALTER TABLE files ADD COLUMN note TEXT"
    )
    drift = [
        "column files.note is in the database, but no applied file creates it",
        "table debug is in the database, but no applied file creates it",
        "index idx_users_email is in the applied files, but not in the database",
    ]
    assert shown(migrated)[0]["drift"] == drift
    table = d1_status(migrated).stdout
    assert "Drifted" in table
    assert all(line in table for line in drift)
    refreshed = migrated.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview").stdout
    previewed = migrated.preview()
    assert all(line in refreshed and line in previewed for line in drift)


def test_outside_of_a_project_there_is_one_message(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = project.run("sh", "-c", f"cd {elsewhere} && {' '.join(STATUS)}", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
