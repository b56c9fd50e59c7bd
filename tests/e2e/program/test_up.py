"""`pulumi up`, from nothing to two migrated and bound databases, and the runs after that."""

from __future__ import annotations

import base64
import sqlite3
import tomllib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.inspect_project import FILES, TABLES, files_that_hold, ledger, report_lines, tables
from tests.support.pulumi_project import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pulumi_project import Emulator, Project


def test_two_environments_from_nothing_and_then_no_change(project: Project, emulator: Emulator, tmp_path: Path) -> None:
    first = project.up("dev")
    project.pulumi("stack", "init", "prod")
    project.up("prod")

    assert "Traceback" not in first.stdout + first.stderr
    for stack, name in (("dev", "your-app-db-dev"), ("prod", "your-app-db-prod")):
        outputs = project.outputs(stack)
        assert tables(project, stack) == TABLES
        assert ledger(project, stack) == FILES == outputs["applied_migrations"]
        assert outputs["last_migration"] == FILES[-1]
        assert outputs["database_name"] == name
        bookmark = outputs["bookmark"]["id"]
        assert outputs["restore_command"] == f"wrangler d1 time-travel restore {name} --bookmark={bookmark}"
        assert bookmark < project.database(stack).bookmark(), "the bookmark is from before the migrations"

    config = tomllib.loads((project.folder / "wrangler.toml").read_text())
    entries = {"dev": config["d1_databases"], "prod": config["env"]["production"]["d1_databases"]}
    for stack, found in entries.items():
        assert [entry["database_id"] for entry in found] == [project.outputs(stack)["database_id"]]

    for stack in entries:
        again = project.up(stack, "--expect-no-changes")
        assert "6 unchanged" in again.stdout
    assert files_that_hold(TOKEN, project.folder, emulator.state, tmp_path / "state", tmp_path / "home") == []
    assert TOKEN not in first.stdout + first.stderr


@pytest.mark.thorough
def test_the_token_can_be_a_secret_of_the_stack_and_is_nowhere_in_plain_text(project: Project, tmp_path: Path) -> None:
    del project.environment["CLOUDFLARE_API_TOKEN"]
    project.pulumi("config", "set", "--secret", "cloudflare:apiToken", TOKEN, "--stack", "dev")
    project.up()
    assert ledger(project) == FILES
    assert files_that_hold(TOKEN, project.folder, tmp_path / "state", tmp_path / "home") == []


def test_the_state_names_the_providers_by_reference(migrated: Project) -> None:
    pickles = {
        resource["type"]: base64.b64decode(resource["inputs"]["__provider"])
        for resource in migrated.state()
        if "__provider" in resource.get("inputs", {})
    }
    assert len(pickles) == 3
    # Renaming either orphans the resources of every user: these paths are a stored format.
    assert (
        b"pulumi_d1.program.resources.migrations\x94\x8c\x14D1MigrationsProvider"
        in pickles["pulumi-python:dynamic/d1:Migrations"]
    )
    assert b"pulumi_d1.program.resources.contents" in pickles["pulumi-python:dynamic/d1:Contents"]
    assert b"pulumi_d1.program.resources.bindings" in pickles["pulumi-python:dynamic/d1:WranglerBindings"]
    assert all(len(pickle) < 100 for pickle in pickles.values())


@pytest.mark.usefixtures("migrated")
def test_the_ledger_in_the_sqlite_file_is_wranglers(emulator: Emulator) -> None:
    emulator.process.terminate()
    emulator.process.wait()
    (file,) = emulator.state.rglob("*.sqlite")
    with closing(sqlite3.connect(file)) as database:
        schema = database.execute("SELECT sql FROM sqlite_master WHERE name = 'd1_migrations'").fetchone()[0]
        names = [row[0] for row in database.execute("SELECT name FROM d1_migrations ORDER BY id")]
    assert schema == (
        'CREATE TABLE "d1_migrations"(\n'
        "\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n"
        "\t\tname       TEXT UNIQUE,\n"
        "\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n)"
    )
    assert names == FILES


def test_a_preview_names_the_files_and_applies_nothing(project: Project) -> None:
    shown = project.preview()
    assert all(name in shown for name in FILES), "also before there is a database"
    assert "+ table users  id, email" in shown, "and they are rehearsed"
    assert "could not be rehearsed" not in shown
    project.up()
    before = project.database().bookmark()

    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL);\n")
    shown = project.preview()
    assert report_lines(shown) == [
        "pending on your-app-db-dev:",
        "  0004_tags.sql",
        "schema changes:",
        "  + table tags  id, label",
        "rehearsed on 0 rows (5 rows read)",
    ]
    assert FILES[0] not in shown
    assert project.database().bookmark() == before, "a preview writes nothing"
    assert ledger(project) == FILES

    result = project.up()
    assert "applied 0004_tags.sql (1 of 1)" in result.stdout
    assert ledger(project) == [*FILES, "0004_tags.sql"]
    assert project.outputs()["bookmark"]["id"] == before, "the bookmark is from before this file"


@pytest.mark.thorough
def test_a_broken_file_is_refused_where_it_is_broken_before_anything_is_written(migrated: Project) -> None:
    before = migrated.database().bookmark()
    migrated.write("0004_good.sql", "CREATE TABLE good (id INTEGER PRIMARY KEY);\n")
    migrated.write(
        "0005_broken.sql", "CREATE TABLE half (id INTEGER PRIMARY KEY);\n  CREATE TABEL oops (id INTEGER);\n"
    )

    for refused in (migrated.pulumi("preview", "--stack", "dev", check=False), migrated.up(check=False)):
        text = refused.stdout + refused.stderr
        assert refused.returncode != 0
        assert 'migrations/0005_broken.sql:2:10: D200 near "TABEL": syntax error' in text
        assert "nothing was applied" in text
        assert "Traceback" not in text
        assert "Resource monitor has terminated" not in text
    assert ledger(migrated) == FILES
    assert migrated.database().bookmark() == before

    migrated.write("0005_broken.sql", "CREATE TABLE half (id INTEGER PRIMARY KEY);\n")
    migrated.up()
    assert ledger(migrated) == [*FILES, "0004_good.sql", "0005_broken.sql"]
    assert "half" in tables(migrated)


def test_a_file_that_the_rows_refuse_fails_with_its_name_and_the_way_back(migrated: Project) -> None:
    migrated.database().write(
        "INSERT INTO users (email, password_hash, name) VALUES ('a', '', 'Ann'), ('b', '', 'Ann')"
    )
    before = migrated.database().bookmark()
    migrated.pulumi("config", "set", "rehearsalRows", "made", "--stack", "dev")  # the live rows would stop the run
    migrated.write("0004_good.sql", "CREATE TABLE good (id INTEGER PRIMARY KEY);\n")
    twice = "CREATE TABLE half (id INTEGER PRIMARY KEY);\nCREATE UNIQUE INDEX one_of_each ON users (name);\n"
    migrated.write("0005_broken.sql", twice)

    failed = migrated.up(check=False)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "migrations/0005_broken.sql failed" in text
    assert "UNIQUE constraint failed: users.name" in text
    assert f"wrangler d1 time-travel restore your-app-db-dev --bookmark={before}" in text
    assert "0004_good.sql (applied by this run before the failure)" in text
    assert "Traceback" not in text
    assert ledger(migrated) == [*FILES, "0004_good.sql"]
    assert "half" not in tables(migrated)

    migrated.write("0005_broken.sql", twice.replace("UNIQUE ", ""))
    migrated.up()
    assert ledger(migrated) == [*FILES, "0004_good.sql", "0005_broken.sql"]
    assert "half" in tables(migrated)


@pytest.mark.thorough
def test_the_first_file_of_a_new_database_can_be_broken_and_fixed(project: Project) -> None:
    project.write("0000_broken.sql", "CREATE TABLE half (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);\n")
    failed = project.up(check=False)
    assert "migrations/0000_broken.sql:2:1: D200 no such table: nowhere" in failed.stdout + failed.stderr
    (database,) = [item for item in project.state() if item["type"] == "cloudflare:index/d1Database:D1Database"]
    assert database["id"] in (project.folder / "wrangler.toml").read_text(), "wrangler can look at what is there"

    project.write("0000_broken.sql", "CREATE TABLE whole (id INTEGER PRIMARY KEY)")
    project.up()
    assert ledger(project) == ["0000_broken.sql", *FILES]
    assert project.outputs()["database_id"] == database["id"], "the database of the failed run is used on"
