"""`pulumi up`, from nothing to two migrated and bound databases, and what comes after."""

from __future__ import annotations

import base64
import sqlite3
import tomllib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from infra.errors import ApiError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.program.conftest import Emulator, Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
TABLES = ["content", "d1_migrations", "files", "sessions", "users"]
TOKEN = "a-token-that-nothing-may-keep"


def tables(project: Project, stack: str = "dev") -> list[str]:
    rows = project.database(stack).read(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*' "
        "ORDER BY name"
    )
    return [row["name"] for row in rows]


def ledger(project: Project, stack: str = "dev") -> list[str]:
    return [row["name"] for row in project.database(stack).read("SELECT name FROM d1_migrations ORDER BY id")]


def told(shown: str) -> list[str]:
    """What the diagnostics at the end of Pulumi's output say about the migrations."""
    lines = [line.removeprefix("    ") for line in shown.partition("Diagnostics:")[2].splitlines()]
    start = lines.index("pending on your-app-db-dev:")
    return lines[start : lines.index("", start)]


def files_that_hold(secret: str, *folders: Path) -> list[Path]:
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    assert files
    return [file for file in files if secret.encode() in file.read_bytes()]


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
        assert "5 unchanged" in again.stdout
    assert files_that_hold(TOKEN, project.folder, emulator.state, tmp_path / "state", tmp_path / "home") == []
    assert TOKEN not in first.stdout + first.stderr


def test_the_token_can_be_a_secret_of_the_stack_and_is_nowhere_in_plain_text(project: Project, tmp_path: Path) -> None:
    del project.environment["CLOUDFLARE_API_TOKEN"]
    project.pulumi("config", "set", "--secret", "cloudflare:apiToken", TOKEN, "--stack", "dev")
    project.up()
    assert ledger(project) == FILES
    assert files_that_hold(TOKEN, project.folder, tmp_path / "state", tmp_path / "home") == []


def test_the_state_names_the_providers_by_reference(project: Project) -> None:
    project.up()
    pickles = {
        resource["type"]: base64.b64decode(resource["inputs"]["__provider"])
        for resource in project.state()
        if "__provider" in resource.get("inputs", {})
    }
    assert len(pickles) == 2
    # Renaming either orphans the resources of every user: these paths are a stored format.
    assert b"infra.program.migrations\x94\x8c\x14D1MigrationsProvider" in pickles["pulumi-python:dynamic/d1:Migrations"]
    assert b"infra.program.bindings" in pickles["pulumi-python:dynamic/d1:WranglerBindings"]
    assert all(len(pickle) < 100 for pickle in pickles.values())


def test_the_ledger_in_the_sqlite_file_is_wranglers(project: Project, emulator: Emulator) -> None:
    project.up()
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
    assert "not rehearsed" not in shown
    project.up()
    before = project.database().bookmark()

    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT NOT NULL);\n")
    shown = project.preview()
    assert told(shown) == [
        "pending on your-app-db-dev:",
        "  0004_tags.sql",
        "schema after that:",
        "  + table tags  id, label",
    ]
    assert FILES[0] not in shown
    assert project.database().bookmark() == before, "a preview writes nothing"
    assert ledger(project) == FILES

    result = project.up()
    assert "applied 0004_tags.sql (1 of 1)" in result.stdout
    assert ledger(project) == [*FILES, "0004_tags.sql"]
    assert project.outputs()["bookmark"]["id"] == before, "the bookmark is from before this file"


def test_a_broken_file_is_refused_where_it_is_broken_before_anything_is_written(project: Project) -> None:
    project.up()
    before = project.database().bookmark()
    project.write("0004_good.sql", "CREATE TABLE good (id INTEGER PRIMARY KEY);\n")
    project.write("0005_broken.sql", "CREATE TABLE half (id INTEGER PRIMARY KEY);\n  CREATE TABEL oops (id INTEGER);\n")

    for refused in (project.pulumi("preview", "--stack", "dev", check=False), project.up(check=False)):
        text = refused.stdout + refused.stderr
        assert refused.returncode != 0
        assert 'migrations/0005_broken.sql:2:10: D200 near "TABEL": syntax error' in text
        assert "nothing was applied" in text
        assert "Traceback" not in text
    assert ledger(project) == FILES
    assert project.database().bookmark() == before

    project.write("0005_broken.sql", "CREATE TABLE half (id INTEGER PRIMARY KEY);\n")
    project.up()
    assert ledger(project) == [*FILES, "0004_good.sql", "0005_broken.sql"]
    assert "half" in tables(project)


def test_a_file_that_the_rows_refuse_fails_with_its_name_and_the_way_back(project: Project) -> None:
    project.up()
    project.database().write("INSERT INTO users (email, password_hash, name) VALUES ('a', '', 'Ann'), ('b', '', 'Ann')")
    before = project.database().bookmark()
    project.write("0004_good.sql", "CREATE TABLE good (id INTEGER PRIMARY KEY);\n")
    twice = "CREATE TABLE half (id INTEGER PRIMARY KEY);\nCREATE UNIQUE INDEX one_of_each ON users (name);\n"
    project.write("0005_broken.sql", twice)

    failed = project.up(check=False)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "migrations/0005_broken.sql failed" in text
    assert "UNIQUE constraint failed: users.name" in text
    assert f"wrangler d1 time-travel restore your-app-db-dev --bookmark={before}" in text
    assert "0004_good.sql (applied by this run before it)" in text
    assert "Traceback" not in text
    assert ledger(project) == [*FILES, "0004_good.sql"]
    assert "half" not in tables(project)

    project.write("0005_broken.sql", twice.replace("UNIQUE ", ""))
    project.up()
    assert ledger(project) == [*FILES, "0004_good.sql", "0005_broken.sql"]
    assert "half" in tables(project)


def test_the_first_file_of_a_new_database_can_be_broken_and_mended(project: Project) -> None:
    project.write("0000_broken.sql", "CREATE TABLE half (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);\n")
    failed = project.up(check=False)
    assert "migrations/0000_broken.sql:2:1: D200 no such table: nowhere" in failed.stdout + failed.stderr
    assert not (project.folder / "wrangler.toml").exists(), "bindings are rendered only once the database is migrated"
    (database,) = [item for item in project.state() if item["type"] == "cloudflare:index/d1Database:D1Database"]

    project.write("0000_broken.sql", "CREATE TABLE whole (id INTEGER PRIMARY KEY)")
    project.up()
    assert ledger(project) == ["0000_broken.sql", *FILES]
    assert project.outputs()["database_id"] == database["id"], "the database of the failed run is used on"


def test_refresh_sees_what_another_client_applied(project: Project) -> None:
    project.up()
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    project.database().write(
        "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nINSERT INTO d1_migrations (name) VALUES ('0004_tags.sql');"
    )
    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    (migrations,) = [item for item in project.state() if item["type"] == "pulumi-python:dynamic/d1:Migrations"]
    assert migrations["outputs"]["applied"] == [*FILES, "0004_tags.sql"]
    assert "pending" not in project.preview()
    project.up()
    assert project.outputs()["applied_migrations"] == [*FILES, "0004_tags.sql"]
    assert ledger(project) == [*FILES, "0004_tags.sql"]


def test_a_file_that_another_client_applied_is_not_run_again_without_a_refresh(project: Project) -> None:
    project.up()
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    project.database().write(
        "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nINSERT INTO d1_migrations (name) VALUES ('0004_tags.sql');"
    )
    project.up()
    assert ledger(project) == [*FILES, "0004_tags.sql"]


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


def test_a_pull_requests_environment_comes_and_goes_beside_dev(project: Project) -> None:
    project.up("dev")
    before = (project.folder / "wrangler.toml").read_text()
    project.pulumi("stack", "init", "pr-12")
    project.up("pr-12")
    config = tomllib.loads((project.folder / "wrangler.toml").read_text())
    assert config["env"]["pr-12"]["d1_databases"][0]["database_name"] == "your-app-db-pr-12"
    assert config["d1_databases"][0]["database_id"] == project.outputs("dev")["database_id"]

    project.pulumi("destroy", "--stack", "pr-12", "--yes", "--skip-preview", "--remove")
    assert (project.folder / "wrangler.toml").read_text() == before
    assert tables(project, "dev") == TABLES


def test_prod_is_protected_as_a_whole(project: Project) -> None:
    project.pulumi("stack", "init", "prod")
    project.up("prod")
    rendered = (project.folder / "wrangler.toml").read_text()
    before = project.state("prod")
    refused = project.pulumi("destroy", "--stack", "prod", "--yes", "--skip-preview", check=False)
    assert refused.returncode != 0
    assert "protected" in refused.stdout + refused.stderr
    assert tables(project, "prod") == TABLES
    assert (project.folder / "wrangler.toml").read_text() == rendered
    assert project.state("prod") == before


def test_after_a_restore_the_files_are_pending_again(project: Project) -> None:
    project.up()
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    project.up()
    database = project.database()
    bookmark = project.outputs()["bookmark"]["id"]
    database.client.d1.database.time_travel.restore(
        database.database_id, account_id=database.account_id, bookmark=bookmark
    )
    assert ledger(project) == FILES
    assert told(project.preview())[:2] == ["pending on your-app-db-dev:", "  0004_tags.sql"]
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);\n")
    project.up()
    assert ledger(project) == [*FILES, "0004_tags.sql"]
    assert "was changed after it was applied" not in project.preview()


def test_another_ledger_is_refused_until_the_table_is_renamed(project: Project) -> None:
    project.up()
    project.pulumi("config", "set", "migrationsTable", "applied", "--stack", "dev")
    for refused in (project.pulumi("preview", "--stack", "dev", check=False), project.up(check=False)):
        assert refused.returncode != 0
        assert "migrationsTable is now 'applied', which has no rows" in refused.stdout + refused.stderr
    assert ledger(project) == FILES
    project.database().write('ALTER TABLE "d1_migrations" RENAME TO "applied"')
    project.up()
    assert project.outputs()["applied_migrations"] == FILES
    assert [row["name"] for row in project.database().read("SELECT name FROM applied ORDER BY id")] == FILES


def test_another_jurisdiction_is_another_database_with_the_same_name(project: Project) -> None:
    project.up()
    before = project.outputs()
    project.pulumi("config", "set", "jurisdiction", "eu", "--stack", "dev")
    project.up()
    after = project.outputs()
    assert after["database_name"] == before["database_name"]
    assert after["database_id"] != before["database_id"]
    assert ledger(project) == FILES
    config = tomllib.loads((project.folder / "wrangler.toml").read_text())
    assert [entry["database_id"] for entry in config["d1_databases"]] == [after["database_id"]]


def test_a_database_that_is_gone_is_made_again_after_a_refresh(project: Project) -> None:
    project.up()
    gone = project.database()
    gone.client.d1.database.delete(gone.database_id, account_id=gone.account_id)
    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    project.up()
    assert project.outputs()["database_id"] != gone.database_id
    assert ledger(project) == FILES
    assert gone.database_id not in (project.folder / "wrangler.toml").read_text()


def test_an_entry_that_was_lost_from_the_configuration_comes_back(project: Project) -> None:
    project.up()
    rendered = (project.folder / "wrangler.toml").read_text()
    (project.folder / "wrangler.toml").unlink()
    project.up()
    assert (project.folder / "wrangler.toml").read_text() == rendered
