"""The resources that are deleted with an environment."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ApiError
from tests.support.inspect_project import TABLES, tables

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
