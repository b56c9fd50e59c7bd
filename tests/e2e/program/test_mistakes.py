"""Each mistake of the user gets one message: what is wrong, where, what to do. No traceback, nothing half done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import Account

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project


def refusal(project: Project) -> str:
    """Run `pulumi up`, which must fail, and return its output."""
    failed = project.up(check=False)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0, text
    assert "Traceback" not in text
    assert "non-zero exit code" not in text, "one message for each mistake"
    return text


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("binding", "MY DB", "your-app:binding: 'MY DB' is not allowed"),
        ("bindng", "DB", "your-app:bindng: is not a key of this program; did you mean binding?"),
        ("projectName", "my.app", "'my.app-db-dev' is not a name for a D1 database"),
        ("migrationsDir", "sql", "there is no migrations folder 'sql'"),
        ("migrationsPattern", "sql/*.sql", "migrationsPattern 'sql/*.sql' does not start with 'migrations/'"),
    ],
)
def test_a_mistake_in_the_configuration_stops_before_anything_is_made(
    project: Project, key: str, value: str, message: str
) -> None:
    project.pulumi("config", "set", key, value, "--stack", "dev")
    assert message in refusal(project)
    assert {item["type"] for item in project.state()} <= {"pulumi:pulumi:Stack", "pulumi:providers:pulumi"}


def test_a_missing_token_is_said_by_name(migrated: Project) -> None:
    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    del migrated.environment["CLOUDFLARE_API_TOKEN"]
    assert "there is no Cloudflare API token: export CLOUDFLARE_API_TOKEN" in refusal(migrated)


def test_a_wrong_token_is_told_apart_from_a_wrong_file(migrated: Project) -> None:
    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    migrated.environment["CLOUDFLARE_API_TOKEN"] = "some-other-token"
    text = refusal(migrated)
    assert "Cloudflare refused the API token: Authentication error (code 10000)" in text
    assert "needs the permission D1 Edit" in text
    assert "some-other-token" not in text


def break_access(project: Project, how: str) -> str:
    """Make the database unreadable, and return a part of the message about that."""
    if how == "wrong token":
        project.environment["CLOUDFLARE_API_TOKEN"] = "some-other-token"
        return "cannot be read, so nothing was rehearsed: Cloudflare refused the API token"
    if how == "no network":
        project.environment["CLOUDFLARE_BASE_URL"] = "http://127.0.0.1:9/client/v4"
        return "cannot be read, so nothing was rehearsed: "
    database = project.database()
    Account(database.client, database.account_id).delete(database.database_id)
    return f"there is no database your-app-db-dev ({database.database_id}) in account {project.account}"


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["wrong token", "no network", "deleted"])
def test_a_preview_that_cannot_read_the_database_fails_unless_the_stack_allows_it(migrated: Project, how: str) -> None:
    message = break_access(migrated, how)
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        failed = migrated.pulumi(*command, "--stack", "dev", check=False)
        assert failed.returncode != 0, command
        assert message in failed.stdout + failed.stderr
        assert "unchanged" not in failed.stdout or "errored" in failed.stdout
    migrated.pulumi("config", "set", "unreadableDatabase", "warning", "--stack", "dev")
    assert "could not be rehearsed" in migrated.preview()


def test_a_first_preview_needs_no_database(project: Project) -> None:
    project.environment["CLOUDFLARE_API_TOKEN"] = "some-other-token"
    assert "6 to create" in project.preview()


def test_a_wrangler_configuration_that_is_not_toml_is_left_alone(project: Project) -> None:
    (project.folder / "wrangler.toml").write_text("name = \n")
    assert "wrangler.toml: is not valid TOML: Invalid value (at line 1, column 8)" in refusal(project)
    assert "cloudflare:index/d1Database:D1Database" not in [item["type"] for item in project.state()]
    assert (project.folder / "wrangler.toml").read_text() == "name = \n"


def test_keys_of_a_project_that_was_renamed_are_refused(project: Project) -> None:
    file = project.folder / "Pulumi.yaml"
    file.write_text(file.read_text().replace("name: your-app", "name: shop"))
    project.pulumi("stack", "init", "prod")
    failed = project.up("prod", check=False)
    assert failed.returncode != 0
    assert "your-app:protect: belongs to a project of another name" in failed.stdout + failed.stderr
    assert "rename the key to shop:protect" in failed.stdout + failed.stderr


def test_a_file_that_can_not_be_sent_stops_before_anything_is_made(project: Project) -> None:
    project.write("0004_open.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nSELECT 'open\n")
    assert "migrations/0004_open.sql:2: the statement that starts here opens a string" in refusal(project)
    assert "cloudflare:index/d1Database:D1Database" not in [item["type"] for item in project.state()]


def test_an_error_of_the_program_itself_keeps_its_traceback(project: Project) -> None:
    program = project.folder / "__main__.py"
    program.write_text("print('said by the program')\nraise ValueError('a bug')\n")
    failed = project.up(check=False)
    assert failed.returncode != 0
    assert "said by the program" in failed.stdout
    assert "ValueError: a bug" in failed.stdout
