"""Changes by another client, or by hand, to the database or the configuration: the next run notices them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.account import Account
from tests.support.inspect_project import FILES, ledger, report_lines

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project


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


def test_after_a_restore_the_files_are_pending_again(project: Project) -> None:
    project.up()
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    project.up()
    database = project.database()
    bookmark = project.outputs()["bookmark"]["id"]
    database.restore(bookmark)
    assert ledger(project) == FILES
    assert report_lines(project.preview())[:2] == ["pending on your-app-db-dev:", "  0004_tags.sql"]
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


def test_a_database_that_is_gone_is_made_again_after_a_refresh(project: Project) -> None:
    project.up()
    gone = project.database()
    Account(gone.client, gone.account_id).delete(gone.database_id)
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
