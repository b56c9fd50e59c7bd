"""`d1 adopt`: an existing database becomes the stack's; it is neither created again nor replaced."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.migrations import ledger

if TYPE_CHECKING:
    import subprocess

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.pulumi_project import Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
NAME = "your-app-db-dev"


def d1(project: Project, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = project.run(sys.executable, "-m", "pulumi_d1.cli", *arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def owned(project: Project) -> list[str]:
    return [item["id"] for item in project.state() if item["type"].endswith("D1Database")]


def refusal(project: Project) -> str:
    failed = project.up(check=False)
    assert failed.returncode != 0, failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
    return failed.stdout + failed.stderr


def create(project: Project, name: str = NAME, **options: Any) -> D1Api:
    token, base_url = (project.environment[f"CLOUDFLARE_{name}"] for name in ("API_TOKEN", "BASE_URL"))
    return Account(make_client(token, base_url=base_url), project.account).create(name, **options)


@pytest.mark.thorough
def test_a_database_with_tables_is_adopted_and_stays_adopted(project: Project) -> None:
    database = create(project)
    for name in FILES:
        database.write((project.folder / "migrations" / name).read_text())
    database.write("INSERT INTO users (email, password_hash, name) VALUES ('ada@example.com', 'x', 'Ada')")

    taken = project.pulumi("preview", "--stack", "dev", check=False)
    assert taken.returncode != 0, taken.stdout
    assert (
        f"D1: the database {NAME} exists already ({database.database_id}), and this stack does not own it"
        in taken.stdout
    )
    assert "'d1 adopt --stack dev' to let the next 'pulumi up' adopt it" in taken.stdout

    assert "Next:\n  d1 baseline --stack dev " in d1(project, "adopt").stdout
    assert f"your-app:adopt: {database.database_id}" in (project.folder / "Pulumi.dev.yaml").read_text()
    assert "table users already exists" in refusal(project), "its ledger is empty"
    d1(project, "baseline", "--yes")
    project.up()
    assert owned(project) == [database.database_id] == [project.outputs()["database_id"]]
    assert project.outputs()["applied_migrations"] == FILES

    project.up("dev", "--expect-no-changes")
    assert "has a database already" in d1(project, "adopt", code=1).stderr
    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    project.up("dev", "--expect-no-changes")
    project.pulumi("config", "rm", "adopt", "--stack", "dev")
    project.up("dev", "--expect-no-changes")
    project.pulumi("config", "set", "adopt", database.database_id, "--stack", "dev")
    project.up("dev", "--expect-no-changes")
    assert database.read("SELECT name FROM users") == ({"name": "Ada"},)


def test_without_a_preview_too_a_taken_name_leads_to_d1_adopt(migrated: Project) -> None:
    migrated.pulumi("stack", "init", "twin")
    migrated.pulumi("config", "set", "databaseName", "your-app-db-dev", "--stack", "twin")
    migrated.pulumi("config", "set", "wranglerEnvironment", "twin", "--stack", "twin")
    failed = migrated.up("twin", check=False)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "the database your-app-db-dev exists already, and this stack does not own it" in text
    assert "'d1 adopt --stack twin' lets the next 'pulumi up' adopt the database" in text
    assert "Traceback" not in text


@pytest.mark.thorough
def test_what_does_not_fit_is_refused_before_anything_is_changed(project: Project) -> None:
    config = ("config", "set", "--stack", "dev")
    missing = d1(project, "adopt", code=1).stderr
    assert f"there is no database {NAME} in account {project.account} to adopt" in missing
    assert "'pulumi up --stack dev' creates it" in missing
    unknown = "d5b1d127-0000-4000-8000-000000000000"
    project.pulumi(*config, "adopt", unknown)
    assert f"adopt is {unknown}, but the database {NAME} does not exist" in refusal(project)

    database = create(project, jurisdiction="eu")
    assert f"adopt is {unknown}, but {NAME} is {database.database_id}" in refusal(project)
    project.pulumi(*config, "adopt", database.database_id)
    assert f"jurisdiction is none, but {NAME} has eu, and D1 cannot change it" in refusal(project)
    project.pulumi("config", "rm", "adopt", "--stack", "dev")
    assert "jurisdiction is none" in d1(project, "adopt", code=1).stderr
    project.pulumi(*config, "jurisdiction", "eu")
    project.pulumi(*config, "locationHint", "weur")
    assert "locationHint applies to new databases" in d1(project, "adopt", code=1).stderr
    project.pulumi("config", "rm", "locationHint", "--stack", "dev")

    d1(project, "adopt")
    wrangler = project.folder / "wrangler.toml"
    before = wrangler.read_text() if wrangler.exists() else None
    wrangler.write_text(f'[[env.dev.d1_databases]]\nbinding = "DB"\ndatabase_id = "{unknown}"\n')
    project.pulumi(*config, "wranglerEnvironment", "dev")
    bound = project.pulumi("up", "--stack", "dev", "--yes", "--skip-preview", check=False)
    assert f"is bound to the database {unknown}, which this stack did not write" in bound.stdout + bound.stderr
    assert owned(project) == [], "in the state, 'pulumi destroy' would delete it, and nothing would ask"
    project.pulumi("config", "rm", "wranglerEnvironment", "--stack", "dev")
    wrangler.unlink() if before is None else wrangler.write_text(before)

    project.up()
    assert owned(project) == [database.database_id]
    database.write(f"INSERT INTO files (id) SELECT 'x' WHERE 0; {ledger.insert('d1_migrations', 'theirs.sql')}")
    project.pulumi(*config, "adopt", unknown)
    assert f"adopt is {unknown}, but this stack has the database {database.database_id}" in refusal(project)
    assert {"name": "theirs.sql"} in database.read("SELECT name FROM d1_migrations")


def test_a_stack_that_made_its_database_is_not_harmed_by_the_key(migrated: Project) -> None:
    uuid = migrated.outputs()["database_id"]
    migrated.database().write("CREATE TABLE proof (id)")
    migrated.pulumi("config", "set", "adopt", uuid, "--stack", "dev")
    migrated.up("dev", "--expect-no-changes")
    assert migrated.database().read("SELECT * FROM proof") == ()
    assert owned(migrated) == [uuid]
