"""The Pulumi program and the real wrangler side by side: each reads what the other applied and wrote."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import installed
from tests.support.wrangler import Wrangler

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pulumi_project import Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]


@pytest.fixture
def worker(tmp_path: Path, variables: dict[str, str]) -> Wrangler:
    """The real wrangler in the folder of `project` or `migrated`."""
    return Wrangler.of(installed.binaries(), tmp_path / "project", tmp_path, variables)


def ledger(project: Project) -> list[str]:
    return [row["name"] for row in project.database().read("SELECT name FROM d1_migrations ORDER BY id")]


def test_wrangler_sees_what_pulumi_applied_and_pulumi_what_wrangler_applied(
    migrated: Project, worker: Wrangler
) -> None:
    listed = worker.d1("migrations", "list", "DB", "--remote").stdout
    assert "No migrations to apply!" in listed

    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    listed = worker.d1("migrations", "list", "DB", "--remote").stdout
    assert re.findall(r"\d{4}_\w+\.sql", listed) == ["0004_tags.sql"]
    worker.d1("migrations", "apply", "DB", "--remote")
    before = migrated.database().bookmark()

    assert "applied 0004_tags.sql" not in migrated.up().stdout
    assert migrated.outputs()["applied_migrations"] == [*FILES, "0004_tags.sql"] == ledger(migrated)
    assert migrated.database().bookmark() == before, "pulumi up ran nothing"


@pytest.mark.thorough
def test_a_file_with_a_trigger_that_pulumi_applied_is_applied_for_wrangler_too(
    project: Project, worker: Wrangler
) -> None:
    project.write(
        "0004_touch.sql",
        "CREATE TRIGGER touch AFTER UPDATE OF title ON content BEGIN\n"
        "  UPDATE content SET updated_at = CASE WHEN NEW.title = ';' THEN NULL ELSE CURRENT_TIMESTAMP END\n"
        "    WHERE id = NEW.id;\n"
        "END;\n",
    )
    project.up()
    assert ledger(project) == [*FILES, "0004_touch.sql"]
    assert "No migrations to apply!" in worker.d1("migrations", "list", "DB", "--remote").stdout


@pytest.mark.thorough
def test_pulumi_goes_on_where_wranglers_failed_run_stopped(migrated: Project, worker: Wrangler) -> None:
    migrated.write("0004_good.sql", "CREATE TABLE good (id INTEGER PRIMARY KEY);\n")
    migrated.write("0005_bad.sql", "CREATE TABLE half (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);\n")
    failed = worker.d1("migrations", "apply", "DB", "--remote", code=1)
    assert "no such table: nowhere: SQLITE_ERROR [code: 7500]" in failed.errors
    assert ledger(migrated) == [*FILES, "0004_good.sql"]

    migrated.write("0005_bad.sql", "CREATE TABLE half (id INTEGER PRIMARY KEY);\n")
    migrated.up()
    assert ledger(migrated) == [*FILES, "0004_good.sql", "0005_bad.sql"]


def test_the_restore_command_that_the_stack_names_works(migrated: Project, worker: Wrangler) -> None:
    program, *arguments = migrated.outputs()["restore_command"].split()
    assert program == "wrangler"
    worker.run(*arguments)
    assert migrated.database().read("SELECT name FROM sqlite_schema WHERE name = 'users'") == ()


@pytest.mark.thorough
def test_deploy_binds_each_environment_to_the_database_of_its_stack(migrated: Project, worker: Wrangler) -> None:
    migrated.pulumi("stack", "init", "prod")
    migrated.up("prod")
    worker.write("src/index.js", "export default { fetch: () => new Response('hello') };\n")
    offline = worker.with_variables(CLOUDFLARE_API_BASE_URL="http://127.0.0.1:9")  # nothing listens there
    deploy = ("deploy", "src/index.js", "--compatibility-date", "2026-01-01", "--dry-run")
    for environment, name in (("", "your-app-db-dev"), ("production", "your-app-db-prod")):
        done = offline.run(*deploy, f"--env={environment}")
        assert re.search(rf"env\.DB \({name}\) +D1 Database", done.stdout)
        assert "--dry-run: exiting now." in done.stdout
        assert "Unexpected fields" not in done.stderr


@pytest.mark.thorough
def test_status_shows_what_wrangler_applied_locally(project: Project, worker: Wrangler) -> None:
    worker.write("wrangler.toml", '[[d1_databases]]\nbinding = "DB"\ndatabase_name = "your-app-db-dev"\n')

    def local() -> dict[str, Any]:
        _, _, found = json.loads(project.run(sys.executable, "-m", "pulumi_d1.cli", "status", "--json").stdout)
        shown: dict[str, Any] = found
        return shown

    assert (local()["title"], local()["status"]) == ("Local", "not started")
    worker.d1("migrations", "apply", "DB", "--local")
    assert (local()["status"], local()["last_migration"], local()["drift"]) == ("up to date", FILES[-1], [])
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    assert local()["pending"] == ["0004_tags.sql"]
    worker.d1("execute", "DB", "--local", "--command", "DROP TABLE files")
    assert local()["drift"] == ["table files is in the applied files, but not in the database"]
