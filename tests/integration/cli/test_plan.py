"""`d1 plan` shows pending files without Pulumi; scripts read its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import read_folder
from tests.support.fake_pulumi import FakePulumi, environment_resources

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]


@pytest.fixture
def database(project: Project) -> D1Api:
    """The database of dev, with the example applied."""
    database = project.create()
    for file in sorted((project.folder / "migrations").iterdir()):
        database.write(f"{ledger.create('d1_migrations')}{file.read_text()}{ledger.insert('d1_migrations', file.name)}")
    return database


def as_json(project: Project, *arguments: str) -> dict[str, Any]:
    review: dict[str, Any] = json.loads(project.d1("plan", "--json", *arguments).stdout)
    return review


@pytest.mark.usefixtures("database")
def test_nothing_to_do(project: Project) -> None:
    done = project.d1("plan")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "your-app-db-dev: 3 applied, 0 pending, 0 errors, 0 warnings\n"


def test_pending_files_and_what_they_make_of_the_schema(project: Project, database: D1Api) -> None:
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nALTER TABLE users ADD COLUMN age;\n")
    before = database.bookmark()
    done = project.d1("plan")
    assert done.returncode == 2, done.stderr
    assert done.stdout.splitlines() == [
        "pending on your-app-db-dev:",
        "  0004_tags.sql",
        "schema changes:",
        "  + column users.age",
        "  + table tags  id",
        "rehearsed on 0 rows (5 rows read)",
        "your-app-db-dev: 3 applied, 1 pending, 0 errors, 0 warnings",
    ]
    assert database.bookmark() == before


def test_a_database_that_does_not_exist_yet(project: Project) -> None:
    review = as_json(project, "--stack", "prod")
    assert (review["database"], review["pending"], review["errors"]) == ("your-app-db-prod", FILES, [])
    assert project.d1("plan", "--stack", "prod").returncode == 2


@pytest.mark.usefixtures("database")
def test_a_misspelled_stack_is_refused_with_those_that_exist(project: Project) -> None:
    refused = project.d1("plan", "--stack", "prd")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "Error: there is no stack 'prd' and no database 'your-app-db-prd'. Stacks: dev, prod. "
        "Databases named 'your-app-db-*': your-app-db-dev. "
        "To create them, run 'pulumi stack init prd' and 'pulumi up --stack prd'\n"
    )


@pytest.mark.usefixtures("database")
def test_a_broken_file_is_a_problem_with_its_place(project: Project) -> None:
    project.write("0004_broken.sql", "CREATE TABLE tags (id);\n  CREATE TABEL oops (id);\n")
    done = project.d1("plan", "--json")
    assert done.returncode == 1
    (error,) = json.loads(done.stdout)["errors"]
    place = (error["file"], error["line"], error["column"])
    assert place == ("migrations/0004_broken.sql", 2, 10)
    assert error["refused"]
    assert "syntax error" in error["message"]


def test_offline_runs_the_whole_folder_without_access(project: Project) -> None:
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"):
        del project.environment[name]
    assert project.d1("plan", "--offline").returncode == 0
    project.write("0004_broken.sql", "SELECT nope FROM users;")
    done = project.d1("plan", "--offline")
    assert done.returncode == 1
    assert "migrations/0004_broken.sql:1:8: D200 no such column: nope" in done.stdout


COMMENT = "-- Migration number: 0004 \t 2026-11-29T12:00:00.000Z\n"
NO_STATEMENT = "migrations/0004_tags.sql has no statement: it would be recorded as applied"


@pytest.mark.parametrize("text", [COMMENT, ""])
@pytest.mark.usefixtures("database")
def test_case_39_a_file_without_a_statement_warns_in_dev_and_stops_prod(project: Project, text: str) -> None:
    project.write("0004_tags.sql", text)
    done = project.d1("plan")
    assert done.returncode == 2, done.stderr
    assert f"warnings:\n  {NO_STATEMENT}" in done.stdout
    assert "1 pending, 0 errors, 1 warning\n" in done.stdout

    done = project.d1("plan", "--stack", "prod")
    assert done.returncode == 1
    assert f"errors:\n  {NO_STATEMENT}" in done.stdout
    [error] = as_json(project, "--stack", "prod")["errors"]
    assert (error["code"], error["file"]) == ("empty", "migrations/0004_tags.sql")
    done = project.d1("comment", "--stack", "prod")
    assert "**Errors**\n\n- `migrations/0004_tags.sql` `has no statement" in done.stdout


def test_offline_a_file_without_a_statement_may_be_applied_so_it_only_warns(project: Project) -> None:
    project.write("0004_tags.sql", COMMENT)
    done = project.d1("plan", "--stack", "prod", "--offline")
    assert done.returncode == 0, done.stderr
    assert f"warnings:\n  {NO_STATEMENT}" in done.stdout


def test_drift_is_counted_and_has_an_exit_code_of_its_own(project: Project, database: D1Api) -> None:
    database.write("CREATE TABLE by_hand (id INTEGER PRIMARY KEY); DROP INDEX idx_sessions_expires")
    done = project.d1("plan")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.endswith("3 applied, 0 pending, 0 errors, 0 warnings, 2 drifted objects\n")
    assert project.d1("comment").returncode == 0, "the exit code of a check in CI: drift does not come from its files"
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    done = project.d1("plan")
    assert done.returncode == 2
    assert done.stdout.endswith("3 applied, 1 pending, 0 errors, 0 warnings, 2 drifted objects\n")


@pytest.mark.usefixtures("database")
def test_edited_and_renamed_files_are_named_if_pulumi_can_read_the_state(project: Project, tmp_path: Path) -> None:
    checksums = {file.name: file.sha256 for file in read_folder(project.folder / "migrations")}
    project.write(FILES[0], "SELECT 1;\n")
    (project.folder / "migrations" / FILES[2]).rename(project.folder / "migrations" / "0003_attachments.sql")
    edited = f"  migrations/{FILES[0]} was changed after it was applied"
    renamed = f"  migrations/0003_attachments.sql has the text of {FILES[2]}, which is applied"
    done = project.d1("plan")
    assert edited not in done.stdout
    assert renamed not in done.stdout

    pulumi = FakePulumi.install(tmp_path / "pulumi")
    pulumi.run("dev", environment_resources("d1", checksums=checksums))
    with_pulumi = type(project)(project.folder, pulumi.on_path(project.environment), project.client)
    done = with_pulumi.d1("plan")
    assert (done.returncode, done.stderr) == (1, "")
    assert edited in done.stdout
    assert renamed in done.stdout
    assert with_pulumi.d1("plan", "--offline").returncode == 0
    assert pulumi.calls == ["stack ls --json", "stack export --stack dev"], "none offline"


@pytest.mark.usefixtures("database")
def test_a_state_that_cannot_be_read_is_one_warning(project: Project, tmp_path: Path) -> None:
    pulumi = FakePulumi.install(tmp_path / "pulumi")
    (pulumi.folder / "pulumi").write_text("#!/bin/sh\necho 'error: log in first' >&2\nexit 255\n")
    done = type(project)(project.folder, pulumi.on_path(project.environment), project.client).d1("plan")
    assert done.returncode == 0
    assert done.stderr == (
        "warning: edited and renamed files cannot be found: pulumi stack ls --json failed: error: log in first\n"
    )


def test_a_file_that_is_meant_to_do_nothing_selects(project: Project, database: D1Api) -> None:
    project.write("0004_tags.sql", COMMENT + "SELECT 1;\n")
    assert project.d1("plan").stdout.endswith("1 pending, 0 errors, 0 warnings\n")
    project.write("0004_tags.sql", "")
    database.write(ledger.insert("d1_migrations", "0004_tags.sql"))
    assert project.d1("plan").stdout.endswith("4 applied, 0 pending, 0 errors, 0 warnings\n")


def test_case_15_tables_that_differ_in_letters_beyond_ascii_are_two_tables(project: Project) -> None:
    for file in (project.folder / "migrations").iterdir():
        file.unlink()
    project.write("0001_twins.sql", 'CREATE TABLE "Ä" (a INTEGER);\nCREATE TABLE "ä" (b INTEGER);\n')
    database = project.create()
    database.write(
        f"{ledger.create('d1_migrations')} {ledger.insert('d1_migrations', '0001_twins.sql')}"
        'CREATE TABLE "Ä" (a INTEGER); CREATE TABLE "ä" (b INTEGER);'
    )
    assert project.d1("plan").stdout.endswith("1 applied, 0 pending, 0 errors, 0 warnings\n")
    project.write("0002_drop.sql", '-- d1:allow D102 nothing reads the capital one any more\nDROP TABLE "Ä";\n')
    review = as_json(project)
    assert [(change["kind"], change["type"], change["name"]) for change in review["schema"]] == [
        ("removed", "table", "Ä")
    ]
    assert review["drift"] == []

    database.write('DROP TABLE "ä"')
    assert [(change["kind"], change["name"]) for change in as_json(project)["drift"]] == [("removed", "ä")]


def test_a_plan_counts_the_rows_that_the_files_change(project: Project) -> None:
    project.create().write(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3);"
        "CREATE TABLE c (t REFERENCES t ON DELETE CASCADE); INSERT INTO c VALUES (1), (1);"
    )
    project.write("0009_clean.sql", "DELETE FROM t WHERE id = 1;\n")
    assert "row changes:\n  c: 2 rows deleted\n  t: 1 row deleted\n" in project.d1("plan").stdout
    none = {"inserted": 0, "updated": 0, "dropped": False}
    assert as_json(project)["rows"] == [{"table": "c", "deleted": 2, **none}, {"table": "t", "deleted": 1, **none}]


def test_a_nested_layout_is_read_with_its_pattern_and_hinted_at_without(project: Project) -> None:
    (project.folder / "migrations" / "1_a").mkdir()
    for file in FILES:
        (project.folder / "migrations" / file).unlink()
    project.write("1_a/migration.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n")
    done = project.d1("plan", "--json")
    assert json.loads(done.stdout)["pending"] == []
    assert "warning: no file matches 'migrations/*.sql'" in done.stderr
    (project.folder / "Pulumi.dev.yaml").write_text(
        "config:\n  your-app:migrationsPattern: migrations/*/migration.sql\n"
    )
    (project.folder / "src").mkdir()
    nested = type(project)(project.folder / "src", project.environment, project.client).d1("plan", "--json")
    assert json.loads(nested.stdout)["pending"] == ["1_a/migration.sql"]
    assert nested.stderr == ""


@pytest.mark.usefixtures("database")
def test_case_40_files_that_are_passed_over_are_named_once(project: Project) -> None:
    project.write("0004_tags.SQL", "CREATE TABLE tags (id);")
    expected = "passed over: migrations/0004_tags.SQL (only names that end in .sql, in lower case, are read: rename it)"
    done = project.d1("plan")
    assert (done.returncode, done.stderr) == (0, f"warning: {expected}\n")
    assert as_json(project)["hints"] == [expected]
    assert f"<summary>Not read (1)</summary>\n\n- `{expected}`\n" in project.d1("comment").stdout
    fleet = project.d1("fleet", "plan", "--stack", "dev", "--match", "nothing-*")
    assert f"warning: {expected}\n" in fleet.stderr
    for file in project.folder.glob("Pulumi*.yaml"):
        file.unlink()
    assert f"warning: {expected}\n" in project.d1("init", "--dry-run").stderr


@pytest.mark.usefixtures("database")
def test_it_works_from_a_folder_inside_of_the_project(project: Project, tmp_path: Path) -> None:
    inside = project.folder / "src"
    inside.mkdir()
    moved = type(project)(inside, project.environment, project.client)
    assert moved.d1("plan").returncode == 0
    outside = type(project)(tmp_path, project.environment, project.client).d1("plan")
    assert outside.returncode == 1
    assert outside.stderr.startswith("Error: there is no Pulumi.yaml in ")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("Pulumi.dev.yaml", "config:\n  your-app:bindng: DB\n", "your-app:bindng: is not a key of this program"),
        ("Pulumi.dev.yaml", "config: [\n", "is not valid YAML"),
        ("Pulumi.yaml", "- a\n", "has no keys"),
        ("Pulumi.yaml", "runtime: python\n", "has no name"),
    ],
)
def test_a_mistake_in_a_file_is_one_message(project: Project, file: str, text: str, message: str) -> None:
    (project.folder / file).write_text(text)
    done = project.d1("plan")
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_token_is_one_message(project: Project) -> None:
    del project.environment["CLOUDFLARE_API_TOKEN"]
    done = project.d1("plan")
    assert done.returncode == 1
    assert "there is no Cloudflare API token" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("database")
def test_paths_for_reviewers_start_at_the_root_of_the_repository(project: Project, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    project.write("0004_broken.sql", "SELECT nope;")
    file = "project/migrations/0004_broken.sql"
    done = project.d1("plan", "--format", "github")
    assert (done.returncode, done.stderr) == (1, "")
    command, last = done.stdout.splitlines()
    assert command.startswith(f"::error file={file},line=1,col=8,title=D200%3A ")
    assert last.endswith("3 applied, 1 pending, 1 error, 0 warnings")

    done = project.d1("plan", "--format", "sarif")
    [result] = json.loads(done.stdout)["runs"][0]["results"]
    assert (done.returncode, result["ruleId"]) == (1, "D200")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == file

    done = project.d1("plan", "--format", "junit")
    assert done.returncode == 1
    assert f'<testcase classname="d1 plan dev" name="{file}" file="{file}">' in done.stdout


@pytest.mark.usefixtures("database")
def test_the_comment_and_sarif_come_from_one_review(project: Project, tmp_path: Path) -> None:
    project.write("0004_broken.sql", "SELECT nope;")
    done = project.d1("comment", "--stack", "dev", "--stack", "prod", "--sarif", str(tmp_path / "d1.sarif"))
    assert done.returncode == 1
    runs = json.loads((tmp_path / "d1.sarif").read_text())["runs"]
    assert [(run["automationDetails"]["id"], len(run["results"])) for run in runs] == [("d1/dev/", 1), ("d1/prod/", 1)]
