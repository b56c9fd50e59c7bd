"""The history in the state: who applied what, when and after which bookmark, even after a run that failed halfway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.database import connect
from pulumi_d1.program.pulumi_sdk import OUTPUTS_KEPT
from tests.support.pulumi_project import TOKEN

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
EDIT = "-- one more thought\n"
REFUSED_BY_ROWS = "CREATE UNIQUE INDEX one_of_each ON seats (name);\n"
"""Passes a rehearsal on generated rows."""
MENDED = "CREATE INDEX by_name ON seats (name);\n"


def kept(project: Project) -> dict[str, Any]:
    """The outputs of the migrations that the state has."""
    (found,) = [item for item in project.state() if item["type"] == "pulumi-python:dynamic/d1:Migrations"]
    outputs: dict[str, Any] = found["outputs"]
    return outputs


def names(project: Project) -> list[str]:
    return [entry["name"] for entry in kept(project)["history"]]


def seats(database: D1Api) -> None:
    """Someone else's table, with rows that REFUSED_BY_ROWS meets."""
    database.write("CREATE TABLE seats (name TEXT); INSERT INTO seats VALUES ('a'), ('a');")


def made_before_the_migrations(project: Project) -> D1Api:
    """The stack's database, of which only the migrations are not there yet."""
    project.up("dev", "--target", "**::d1", "--target", "**::d1-database")
    (found,) = [item for item in project.state() if item["type"] == "cloudflare:index/d1Database:D1Database"]
    return connect(project.account, found["id"], token=TOKEN)


def git(project: Project, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    return project.run("git", *identity, *arguments).stdout.strip()


def test_each_file_is_recorded_with_its_author_commit_and_bookmark(project: Project) -> None:
    git(project, "init", "--quiet")
    git(project, "config", "user.email", "ada@example.com")
    git(project, "add", "migrations")
    git(project, "commit", "--quiet", "-m", "start")
    commit = git(project, "rev-parse", "HEAD")
    project.up()
    first = kept(project)["history"]
    assert [entry["name"] for entry in first] == FILES
    assert {entry["commit"] for entry in first} == {commit}
    assert {entry["bookmark"] for entry in first} == {project.outputs()["bookmark"]["id"]}
    assert all(entry["seconds"] > 0 and entry["sha256"] and entry["by"] for entry in first)

    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    project.environment["GITHUB_ACTOR"] = "grace"
    project.up()
    after = kept(project)["history"]
    assert after[:3] == first
    assert (after[3]["by"], after[3]["commit"]) == ("grace", f"{commit}-dirty"), "the new file is not committed"

    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    assert kept(project)["history"] == after
    project.up("dev", "--expect-no-changes")


def test_what_a_failed_create_has_applied_is_kept(project: Project) -> None:
    seats(made_before_the_migrations(project))
    project.pulumi("config", "set", "rehearsalRows", "made", "--stack", "dev")
    project.write("0004_broken.sql", REFUSED_BY_ROWS)
    failed = project.up(check=False)
    assert failed.returncode != 0
    assert "D1: migration migrations/0004_broken.sql failed" in failed.stdout + failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr
    outputs = kept(project)
    assert names(project) == FILES == outputs["applied"] == list(outputs["checksums"])

    file = project.folder / "migrations" / FILES[0]
    file.write_text(file.read_text() + EDIT)
    project.write("0004_broken.sql", MENDED)
    assert f"{FILES[0]} was changed after it was applied" in project.up().stdout, "its digest was kept"
    assert names(project) == [*FILES, "0004_broken.sql"]
    project.up("dev", "--expect-no-changes")


def test_what_a_failed_update_has_applied_is_kept(migrated: Project) -> None:
    seats(migrated.database())
    migrated.pulumi("config", "set", "rehearsalRows", "made", "--stack", "dev")
    migrated.write("0004_good.sql", "CREATE TABLE good (id INTEGER PRIMARY KEY);\n")
    migrated.write("0005_broken.sql", REFUSED_BY_ROWS)
    failed = migrated.up(check=False)
    assert "0004_good.sql (applied by this run before the failure)" in failed.stdout + failed.stderr
    assert OUTPUTS_KEPT in failed.stdout
    assert migrated.outputs()["database_name"] == "your-app-db-dev"
    assert names(migrated) == [*FILES, "0004_good.sql"]
    assert kept(migrated)["last_migration"] == "0004_good.sql"
    (migrated.folder / "migrations" / "0005_broken.sql").unlink()
    migrated.up()
    assert names(migrated) == [*FILES, "0004_good.sql"]
    migrated.up("dev", "--expect-no-changes")


def test_a_run_that_was_put_back_leaves_the_state_as_it_was(project: Project) -> None:
    project.pulumi("config", "set", "onFailure", "restore", "--stack", "dev")
    project.pulumi("config", "set", "rehearsalRows", "made", "--stack", "dev")
    project.up()
    seats(project.database())
    before = kept(project)
    project.write("0004_good.sql", "CREATE TABLE good (id INTEGER PRIMARY KEY);\n")
    project.write("0005_broken.sql", REFUSED_BY_ROWS)
    failed = project.up(check=False)
    assert failed.returncode != 0
    assert "restored  to this bookmark, which undid 0004_good.sql" in failed.stdout + failed.stderr
    assert kept(project) == before
    assert "0004_good.sql\n" in project.preview(), "it is pending again"

    project.write("0005_broken.sql", MENDED)
    project.up()
    assert project.outputs()["applied_migrations"] == [*FILES, "0004_good.sql", "0005_broken.sql"] == names(project)


def test_a_create_that_was_put_back_can_be_run_again(project: Project) -> None:
    project.pulumi("config", "set", "onFailure", "restore", "--stack", "dev")
    seats(made_before_the_migrations(project))
    project.pulumi("config", "set", "rehearsalRows", "made", "--stack", "dev")
    project.write("0004_broken.sql", REFUSED_BY_ROWS)
    failed = project.up(check=False)
    assert "restored  to this bookmark" in failed.stdout + failed.stderr
    project.write("0004_broken.sql", MENDED)
    project.up()
    assert names(project) == [*FILES, "0004_broken.sql"]
