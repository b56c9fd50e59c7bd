"""Changes by another client, or by hand, to the database or the configuration: the next run notices them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import Account
from tests.support.inspect_project import FILES, ledger, report_lines

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough


def test_refresh_sees_what_another_client_applied(migrated: Project) -> None:
    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    migrated.database().write(
        "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nINSERT INTO d1_migrations (name) VALUES ('0004_tags.sql');"
    )
    migrated.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    (migrations,) = [item for item in migrated.state() if item["type"] == "pulumi-python:dynamic/d1:Migrations"]
    assert migrations["outputs"]["applied"] == [*FILES, "0004_tags.sql"]
    assert "pending" not in migrated.preview()
    migrated.up()
    assert migrated.outputs()["applied_migrations"] == [*FILES, "0004_tags.sql"]
    assert ledger(migrated) == [*FILES, "0004_tags.sql"]


def test_a_file_that_another_client_applied_is_not_run_again_without_a_refresh(migrated: Project) -> None:
    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    migrated.database().write(
        "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nINSERT INTO d1_migrations (name) VALUES ('0004_tags.sql');"
    )
    migrated.up()
    assert ledger(migrated) == [*FILES, "0004_tags.sql"]


def test_after_a_restore_the_files_are_pending_again(migrated: Project) -> None:
    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    migrated.up()
    database = migrated.database()
    bookmark = migrated.outputs()["bookmark"]["id"]
    database.restore(bookmark)
    assert ledger(migrated) == FILES
    assert report_lines(migrated.preview())[:2] == ["pending on your-app-db-dev:", "  0004_tags.sql"]
    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);\n")
    migrated.up()
    assert ledger(migrated) == [*FILES, "0004_tags.sql"]
    assert "was changed after it was applied" not in migrated.preview()


def test_another_ledger_is_refused_until_the_table_is_renamed(migrated: Project) -> None:
    migrated.pulumi("config", "set", "migrationsTable", "applied", "--stack", "dev")
    for refused in (migrated.pulumi("preview", "--stack", "dev", check=False), migrated.up(check=False)):
        assert refused.returncode != 0
        assert "migrationsTable is now 'applied', which has no rows" in refused.stdout + refused.stderr
    assert ledger(migrated) == FILES
    migrated.database().write('ALTER TABLE "d1_migrations" RENAME TO "applied"')
    migrated.up()
    assert migrated.outputs()["applied_migrations"] == FILES
    assert [row["name"] for row in migrated.database().read("SELECT name FROM applied ORDER BY id")] == FILES


def test_destroy_of_a_database_that_is_gone_changes_nothing_before_a_refresh(migrated: Project) -> None:
    gone = migrated.database()
    Account(gone.client, gone.account_id).delete(gone.database_id)
    before = [item["urn"] for item in migrated.state()]
    failed = migrated.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", check=False)
    assert failed.returncode != 0
    message = (
        f"nothing was deleted: there is no database your-app-db-dev ({gone.database_id}). Remove it from the state"
    )
    assert f"{message} first: 'pulumi refresh --stack dev'; then run this again" in failed.stdout
    assert [item["urn"] for item in migrated.state()] == before
    migrated.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    migrated.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert migrated.state() == []
    assert gone.database_id not in (migrated.folder / "wrangler.toml").read_text()


def test_refresh_reports_drift_once(migrated: Project) -> None:
    migrated.database().write("CREATE TABLE debug (id INTEGER)")
    line = "table debug is in the database, but no applied file creates it"
    for command in (("refresh",), ("up", "--refresh")):
        done = migrated.pulumi(*command, "--stack", "dev", "--yes", "--skip-preview").stdout
        assert done.partition("Diagnostics:")[2].count(line) == 1, done


def test_a_database_that_is_gone_is_made_again_after_a_refresh(migrated: Project) -> None:
    gone = migrated.database()
    Account(gone.client, gone.account_id).delete(gone.database_id)
    migrated.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    migrated.up()
    assert migrated.outputs()["database_id"] != gone.database_id
    assert ledger(migrated) == FILES
    assert gone.database_id not in (migrated.folder / "wrangler.toml").read_text()


def test_an_entry_that_was_lost_from_the_configuration_comes_back(migrated: Project) -> None:
    rendered = (migrated.folder / "wrangler.toml").read_text()
    (migrated.folder / "wrangler.toml").unlink()
    migrated.up()
    assert (migrated.folder / "wrangler.toml").read_text() == rendered
