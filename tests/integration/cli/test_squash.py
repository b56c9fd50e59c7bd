"""`d1 squash` puts one proved file in place of several, and each stack's ledger follows."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.squash.replacement import delete_files
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.file import SqliteFile
from pulumi_d1.sqlite.sandbox import open_database
from pulumi_d1.wrangler.local_databases import local_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli_project import ReviewedDatabase

FILES = {
    "0001_users.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n",
    "0002_roles.sql": "CREATE TABLE roles (name TEXT, at TEXT DEFAULT CURRENT_TIMESTAMP);\n"
    "INSERT INTO roles (name) VALUES ('admin');\n",
    "0003_age.sql": "ALTER TABLE users ADD COLUMN age INTEGER;\n",
    "0004_tags.sql": "CREATE TABLE tags (label TEXT);\n",
}
NEW = "0003_squashed.sql"


@pytest.fixture(autouse=True)
def files(prod: ReviewedDatabase) -> None:
    for name, text in FILES.items():
        prod.write(name, text)
    git(prod.folder, "init", "--quiet")
    commit(prod.folder)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)  # noqa: S607 - the user's own git


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "files")


def folder_of(prod: ReviewedDatabase) -> list[str]:
    return sorted(path.relative_to(prod.folder / "migrations").as_posix() for path in files_of(prod))


def files_of(prod: ReviewedDatabase) -> list[Path]:
    return [path for path in (prod.folder / "migrations").rglob("*") if path.is_file()]


def apply(prod: ReviewedDatabase, *names: str) -> None:
    prod.database.write(ledger.create("d1_migrations"))
    for name in names:
        prod.database.write(f"{FILES[name]}{ledger.insert('d1_migrations', name)}")


def test_the_proved_file_takes_the_place_of_the_old_ones(prod: ReviewedDatabase) -> None:
    done = prod.d1("squash", "--through", "migrations/0003_age.sql")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "3 files and the new one leave the same database: 2 objects and 1 row",
        "  roles: 1 row",
        "  roles.at is CURRENT_TIMESTAMP: the time of the run, as in the old files",
        f"wrote migrations/{NEW}",
        "deleted 3 files; git keeps them",
        "next: commit this; then 'pulumi up' for each stack, and 'd1 squash --local' for wrangler dev",
    ]
    assert folder_of(prod) == [NEW, "0004_tags.sql"]
    first, second, *marks, _, users, roles, insert = (prod.folder / "migrations" / NEW).read_text().splitlines()
    assert first.startswith("-- Migration number: 0003 \t ")
    assert second == "-- In place of 3 files. Written by d1 squash."
    assert [mark.split("@")[0] for mark in marks] == [f"-- d1:squashes {name}" for name in list(FILES)[:3]]
    assert users == "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);"
    assert roles == FILES["0002_roles.sql"].splitlines()[0]
    assert insert == """INSERT INTO "roles" ("name", "at") VALUES ('admin', CURRENT_TIMESTAMP);"""
    assert prod.d1("plan", "--offline").exit_code == 0
    again = prod.d1("squash", "--through", "0003_age.sql")
    assert again.output == f"nothing to do: migrations/{NEW} is in place of these files\n"


def test_a_stack_with_all_old_files_is_shown_what_is_swapped(prod: ReviewedDatabase) -> None:
    apply(prod, *list(FILES)[:3])
    prod.database.write("INSERT INTO users VALUES (1, 'live', 7)")
    assert prod.d1("squash", "--through", "0003_age.sql", "--name", "all of 2025").exit_code == 0
    shown = prod.d1("plan", "--stack", "prod")
    assert shown.exit_code == 2
    assert shown.stdout.splitlines()[:3] == [
        "pending on your-app-db-prod:",
        "  0003_all_of_2025.sql (runs no statement: takes the place of 3 applied files)",
        "  0004_tags.sql",
    ]
    report = prod.plan()
    assert report["replaced"] == {"0003_all_of_2025.sql": list(FILES)[:3]}
    assert (report["errors"], report["warnings"], report["drift"]) == ([], [], [])
    assert [change["name"] for change in report["schema"]] == ["tags"]


def test_other_commands_know_that_nothing_of_the_file_runs(prod: ReviewedDatabase) -> None:
    apply(prod, *FILES)
    prod.d1("squash", "--through", "0003_age.sql")
    undo = prod.d1("undo", "0004_tags.sql", "--stack", "prod", "--dry-run")
    assert 'DROP TABLE "tags";' in undo.stdout, undo.output
    rebuild = prod.d1("rebuild", "--table", "users", "--not-null", "name", "--stack", "prod", "--dry-run")
    assert "NOT NULL" in rebuild.stdout, rebuild.output
    baseline = prod.d1("baseline", "--stack", "prod")
    assert baseline.output == "your-app-db-prod: nothing to mark: the ledger d1_migrations has all of these files\n"
    comment = prod.d1("comment", "--stack", "prod")
    assert (comment.exit_code, f"{NEW} (runs no statement: takes the place of 3" in comment.stdout) == (2, True)
    assert prod.plan()["drift"] == []


def test_a_stack_that_is_behind_is_refused_with_what_to_do(prod: ReviewedDatabase) -> None:
    apply(prod, "0001_users.sql")
    prod.d1("squash", "--through", "0003_age.sql")
    shown = prod.d1("plan", "--stack", "prod")
    assert shown.exit_code == 1
    assert (
        f"  migrations/{NEW} stands for 3 files, but 0002_roles.sql and 1 more is not applied here: check out the "
        "last commit that has 0002_roles.sql, apply the rest with it, and then run this again\n"
    ) in shown.stdout


def test_a_stack_that_skipped_the_first_of_two_squashes_swaps_all_rows_at_once(prod: ReviewedDatabase) -> None:
    apply(prod, *FILES)
    path = local_database(prod, *FILES)
    prod.d1("squash", "--through", "0003_age.sql")
    commit(prod.folder)
    assert prod.d1("squash", "--through", "0004_tags.sql").exit_code == 0
    assert folder_of(prod) == ["0004_squashed.sql"]
    shown = prod.d1("plan", "--stack", "prod")
    assert "  0004_squashed.sql (runs no statement: takes the place of 4 applied files)\n" in shown.output
    assert (prod.plan()["errors"], prod.plan()["warnings"], prod.plan()["drift"]) == ([], [], [])
    assert prod.d1("squash", "--local").output == f"{path}: 0004_squashed.sql is in place of 4 files\n"


def local_database(prod: ReviewedDatabase, *names: str) -> Path:
    """Create wrangler's local database with some of the files."""
    (prod.folder / "wrangler.toml").write_text('name = "shop"\n\n[[env.dev.d1_databases]]\nbinding = "DB"\n')
    path = local_file(prod.folder / "wrangler.toml", "DB")
    path.parent.mkdir(parents=True)
    script = "".join(f"{FILES[name]}{ledger.insert('d1_migrations', name)}" for name in names)
    run_script(open_database(path), f"{ledger.create('d1_migrations')}{script}")
    return path


def test_the_local_database_of_wrangler_swaps_its_rows_too(prod: ReviewedDatabase) -> None:
    path = local_database(prod, *list(FILES)[:3])
    prod.d1("squash", "--through", "0003_age.sql")
    done = prod.d1("squash", "--local")
    assert done.output == f"{path}: {NEW} is in place of 3 files\n"
    select = "SELECT id, name FROM d1_migrations"
    assert SqliteFile(path).read(select) == ({"id": 1, "name": NEW},)
    assert SqliteFile(path).read("SELECT count(*) AS number FROM roles") == ({"number": 1},)
    again = prod.d1("squash", "--local")
    assert again.output == "nothing to do: wrangler's local database has no files that are squashed now\n"


def test_a_local_database_that_is_behind_is_refused(prod: ReviewedDatabase) -> None:
    path = local_database(prod, "0001_users.sql")
    prod.d1("squash", "--through", "0003_age.sql")
    refused = prod.d1("squash", "--local")
    assert refused.exit_code == 1
    assert refused.stderr.startswith(
        f"Error: nothing was changed:\nmigrations/{NEW} stands for 3 files, but 0002_roles"
    )
    assert SqliteFile(path).read("SELECT name FROM d1_migrations") == ({"name": "0001_users.sql"},)
    assert prod.d1("squash", "--local", "--through", "0003_age.sql").exit_code == 64
    assert prod.d1("squash").exit_code == 64


def test_a_fleet_swaps_and_refuses_like_a_stack(prod: ReviewedDatabase) -> None:
    tenant = prod.tenant()
    for name in list(FILES)[:3]:
        tenant.write(f"{ledger.create('d1_migrations')}{FILES[name]}{ledger.insert('d1_migrations', name)}")
    prod.d1("squash", "--through", "0003_age.sql")
    shown = prod.d1("fleet", "plan", "--match", "tenant-*", "--stack", "prod", "--json")
    assert (shown.exit_code, NEW in shown.stdout) == (2, True), shown.output
    done = prod.d1("fleet", "up", "--match", "tenant-*", "--stack", "prod", "--yes")
    assert done.exit_code == 0, done.output
    assert [row["name"] for row in tenant.read(ledger.select("d1_migrations"))] == [NEW, "0004_tags.sql"]


def test_text_that_git_does_not_have_is_not_deleted(prod: ReviewedDatabase) -> None:
    before = folder_of(prod)
    prod.write("0002_roles.sql", "CREATE TABLE roles (name TEXT);\n")
    refused = prod.d1("squash", "--through", "0003_age.sql")
    assert (refused.exit_code, folder_of(prod)) == (1, before)
    assert refused.stderr == (
        "Error: nothing was written: migrations/0002_roles.sql: not committed to git, so its text would be lost. "
        "Commit it first, or use --force\n"
    )
    git(prod.folder, "rm", "--quiet", "--cached", "migrations/0003_age.sql")
    commit(prod.folder)
    git(prod.folder, "rm", "--quiet", "--cached", "migrations/0001_users.sql")  # staged only
    assert prod.d1("squash", "--through", "0003_age.sql").exit_code == 1
    forced = prod.d1("squash", "--through", "0003_age.sql", "--force")
    assert (forced.exit_code, "deleted 3 files\n" in forced.stdout) == (0, True)
    assert folder_of(prod) == [NEW, "0004_tags.sql"]


def test_without_git_nothing_is_deleted_by_mistake(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    refused = prod.d1("squash", "--through", "0003_age.sql")
    assert "migrations/0001_users.sql and 2 more: not committed to git" in refused.stderr


def test_a_dry_run_only_prints(prod: ReviewedDatabase) -> None:
    before = folder_of(prod)
    done = prod.d1("squash", "--through", "0003_age.sql", "--dry-run")
    assert done.exit_code == 0
    assert "\nCREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);\n" in done.stdout
    assert "leave the same database" in done.stderr
    assert folder_of(prod) == before


def test_two_branches_that_squash_the_same_files_are_refused(prod: ReviewedDatabase) -> None:
    apply(prod, *FILES)
    prod.d1("squash", "--through", "0003_age.sql")
    marks = (prod.folder / "migrations" / NEW).read_text()
    prod.write("0003_twin.sql", marks)
    refused = prod.d1("plan", "--stack", "prod")
    assert (refused.exit_code, f"and so does {NEW}: delete the one" in refused.output) == (1, True), refused.output
    assert prod.d1("undo", "0004_tags.sql", "--stack", "prod", "--dry-run").exit_code == 0


@pytest.mark.parametrize("deleted", [0, 1, 2])
def test_a_run_that_was_killed_is_finished_by_the_next_one(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch, deleted: int
) -> None:
    class KilledError(BaseException):
        pass

    def killed(folder: Path, paths: list[Path]) -> None:
        delete_files(folder, paths[:deleted])
        if paths:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("pulumi_d1.cli.squash.delete_files", killed)
        with pytest.raises(KilledError):
            prod.d1("squash", "--through", "0003_age.sql")
    apply(prod, *list(FILES)[:3])
    refused = prod.plan()
    assert any("still in the folder" in item["message"] for item in refused["errors"])
    prod.write("0003_age.sql", "-- changed since\n")
    changed = prod.d1("squash", "--through", "0003_age.sql")
    assert (changed.exit_code, "0003_age.sql was changed since" in changed.stderr) == (1, True)
    prod.write("0003_age.sql", FILES["0003_age.sql"])
    before = folder_of(prod)
    shown = prod.d1("squash", "--through", "0003_age.sql", "--dry-run")
    assert (shown.exit_code, f"without --dry-run, {3 - deleted} old file" in shown.stdout) == (0, True), shown.output
    assert folder_of(prod) == before
    assert prod.d1("squash", "--through", "0003_age.sql").exit_code == 0
    assert folder_of(prod) == [NEW, "0004_tags.sql"]
    assert prod.plan()["errors"] == []


def test_tests_of_the_old_files_go_with_them(prod: ReviewedDatabase) -> None:
    (prod.folder / "migrations" / "tests").mkdir()
    for name in ("0002_roles.sql", "0004_tags.sql"):
        prod.write(f"tests/{name}", "-- d1:after\nSELECT 1;\n")
    assert "migrations/tests/0002_roles.sql: not committed" in prod.d1("squash", "--through", "0003_age.sql").stderr
    commit(prod.folder)
    done = prod.d1("squash", "--through", "0003_age.sql")
    assert "deleted 1 test of the files\n" in done.stdout
    assert folder_of(prod) == [NEW, "0004_tags.sql", "tests/0004_tags.sql"]
    assert prod.d1("test").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["0009_no.sql"], "there is no migration 0009_no.sql: give its name in the folder"),
        (["0001_users.sql"], "0001_users.sql is the first file: there is nothing to squash it with"),
        (["0003_age.sql", "--name", "age"], "there is a file 0003_age.sql already: choose other words with --name"),
        (["0003_age.sql", "--name", "AGE"], "there is a file 0003_age.sql already: choose other words with --name"),
        (["0003_age.sql", "--name", "!"], "'!' cannot be part of a file name"),
    ],
)
def test_a_wrong_file_is_refused(prod: ReviewedDatabase, arguments: list[str], message: str) -> None:
    refused = prod.d1("squash", "--through", *arguments)
    assert (refused.exit_code, message in refused.stderr) == (1, True), refused.output
    assert folder_of(prod) == list(FILES)


def test_files_that_no_file_can_stand_for_are_refused(prod: ReviewedDatabase) -> None:
    prod.write("0003_age.sql", "INSERT INTO roles (name) VALUES (hex(randomblob(4)));\n")
    refused = prod.d1("squash", "--through", "0003_age.sql", "--force")
    assert refused.exit_code == 1
    assert (
        'Error: nothing was written: column "name" of roles depends on the moment of the run: 0002_roles.sql:2, '
        "0003_age.sql:1 reads the clock or a random number. No file can give the same rows later"
    ) in refused.stderr
    prod.write("0003_age.sql", "INSERT INTO nowhere VALUES (1);\n")
    refused = prod.d1("squash", "--through", "0003_age.sql", "--force")
    assert "migrations/0003_age.sql:1:1: the schema is unknown" in refused.stderr
    assert folder_of(prod) == list(FILES)


def test_triggers_and_rows_in_a_circle_are_too_much_for_one_file(prod: ReviewedDatabase) -> None:
    prod.write(
        "0001_users.sql",
        "PRAGMA defer_foreign_keys = ON;\nCREATE TABLE users (id INTEGER PRIMARY KEY, b NOT NULL REFERENCES b (id));\n"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES users (id));\n"
        "INSERT INTO users VALUES (1, 2); INSERT INTO b VALUES (2, 1);\n",
    )
    prod.write("0003_age.sql", "CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT 1; END;\n")
    refused = prod.d1("squash", "--through", "0003_age.sql", "--force")
    assert (refused.exit_code, "Rows that reference each other in a circle" in refused.stderr) == (
        1,
        True,
    )
    assert prod.d1("squash", "--through", "0002_roles.sql", "--force").exit_code == 0


def test_folders_of_files_are_squashed_and_deleted(prod: ReviewedDatabase) -> None:
    prod.configure(migrationsPattern="migrations/*/migration.sql")
    for name, text in FILES.items():
        (prod.folder / "migrations" / name).unlink()
        folder = prod.folder / "migrations" / f"2025010{name[3]}000000_{name[5:-4]}"
        folder.mkdir()
        (folder / "migration.sql").write_text(text)
    (folder_with_more := prod.folder / "migrations" / "20250102000000_roles" / "snapshot.json").write_text("{}")
    done = prod.d1("squash", "--stack", "prod", "--through", "20250103000000_age/migration.sql", "--force")
    assert done.exit_code == 0, done.output
    assert folder_of(prod) == [
        "20250102000000_roles/snapshot.json",
        "20250103000000_squashed/migration.sql",
        "20250104000000_tags/migration.sql",
    ]
    assert folder_with_more.exists()
