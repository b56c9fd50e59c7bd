"""The resources that are deleted with an environment."""

from __future__ import annotations

import gzip
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.errors import ApiError
from tests.support.faults import arrange
from tests.support.inspect_project import TABLES, tables
from tests.support.pulumi_project import TOKEN

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project


def test_destroy_takes_the_database_and_its_entry_and_leaves_the_rest(project: Project) -> None:
    users_config = '# mine\nname = "shop" # keep\n\n[vars]\nA = 1\n'
    (project.folder / "wrangler.toml").write_text(users_config)
    project.up()
    database = project.database()
    assert database.read("SELECT 1 AS one")
    assert project.outputs()["database_id"] in (project.folder / "wrangler.toml").read_text()

    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert (project.folder / "wrangler.toml").read_text() == users_config
    with pytest.raises(ApiError, match="code 7404"):
        database.read("SELECT 1")
    assert project.state() == []


@pytest.mark.thorough
def test_a_pull_requests_environment_comes_and_goes_beside_dev(migrated: Project) -> None:
    before = (migrated.folder / "wrangler.toml").read_text()
    migrated.pulumi("stack", "init", "pr-12")
    migrated.up("pr-12")
    config = tomllib.loads((migrated.folder / "wrangler.toml").read_text())
    assert config["env"]["pr-12"]["d1_databases"][0]["database_name"] == "your-app-db-pr-12"
    assert config["d1_databases"][0]["database_id"] == migrated.outputs("dev")["database_id"]

    migrated.pulumi("config", "set", "exportOnDestroy", "false", "--stack", "pr-12")
    migrated.up("pr-12")
    migrated.pulumi("destroy", "--stack", "pr-12", "--yes", "--skip-preview", "--remove")
    assert not (migrated.folder / "exports").exists()
    assert (migrated.folder / "wrangler.toml").read_text() == before
    assert tables(migrated, "dev") == TABLES


def test_a_deletion_that_cloudflare_refuses_is_exported_again_after_further_writes(migrated: Project) -> None:
    database = migrated.database()
    arrange(database.client, faults=[{"fault": "other-account", "endpoint": "delete", "times": None}])
    failed = migrated.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", check=False)
    assert failed.returncode != 0
    assert f"the database your-app-db-dev ({database.database_id}) was not deleted: " in failed.stdout
    assert "the next attempt exports it again" in failed.stdout
    database.write("INSERT INTO users (email, password_hash, name) VALUES ('late@example.com', '', '')")
    # The first request deletes the database, and its answer is lost.
    arrange(database.client, faults=[{"fault": "drop", "endpoint": "delete", "when": "after"}])
    destroyed = migrated.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert f"deleted the database your-app-db-dev ({database.database_id})" in destroyed.stdout
    assert re.search(r"D1Database d1-database deleted \(.*s\)\[retain\]", destroyed.stdout)
    first, second = sorted((migrated.folder / "exports").glob("*.sql.gz"))
    assert b"late@example.com" not in gzip.decompress(first.read_bytes())
    assert b"late@example.com" in gzip.decompress(second.read_bytes())
    assert migrated.state() == []
    with pytest.raises(ApiError, match="code 7404"):
        database.read("SELECT 1")


@pytest.mark.thorough
def test_a_destroy_that_was_killed_after_the_deletion_ends_when_it_runs_again(migrated: Project) -> None:
    database = migrated.database()
    contents = next(item["urn"] for item in migrated.state() if item["urn"].endswith("::d1-contents"))
    migrated.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", "--exclude", contents)
    connect_account(migrated.account, token=TOKEN).delete(database.database_id)
    migrated.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert migrated.state() == []
