"""Which seeds run, and what a rehearsal says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.seeds.changes import make_plan, read_seeds
from pulumi_d1.seeds.dry_run import Rehearsal, rehearse
from pulumi_d1.settings import read_settings
from pulumi_d1.sqlite.schema import SchemaObject

if TYPE_CHECKING:
    from pathlib import Path

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, team REFERENCES teams(id));"
TABLES = Migration("0001_tables.sql", f"CREATE TABLE teams (id INTEGER PRIMARY KEY, name); {USERS}")
LIVE = (
    SchemaObject("table", "teams", "teams", "CREATE TABLE teams (id INTEGER PRIMARY KEY, name)"),
    SchemaObject("table", "users", "users", USERS.removesuffix(";")),
)


def rehearsed(
    *seeds: str, objects: tuple[SchemaObject, ...] = (), pending: tuple[Migration, ...] = (TABLES,)
) -> Rehearsal:
    files = [Migration(f"{number}.sql", sql) for number, sql in enumerate(seeds, 1)]
    return rehearse(objects, pending, "d1_migrations", files)


def told(*seeds: str) -> list[str]:
    return [f"{item.name}:{item.line}:{item.column}: {item.message}" for item in rehearsed(*seeds).warnings]


def test_new_and_changed_files_run_and_others_do_not(tmp_path: Path) -> None:
    for name in ("10_last.sql", "2_changed.sql", "1_same.sql", "notes.md"):
        (tmp_path / name).write_text(name)
    files = read_seeds(str(tmp_path))
    assert [file.name for file in files] == ["1_same.sql", "2_changed.sql", "10_last.sql"]
    plan = make_plan(files, {"1_same.sql": files[0].sha256, "2_changed.sql": "other", "0_gone.sql": "any"})
    assert [file.name for file in files if plan.runs(file.name)] == ["2_changed.sql", "10_last.sql"]
    assert plan.lines == (
        "0_gone.sql is gone from the folder; what it wrote stays",
        "10_last.sql",
        "2_changed.sql (changed, so it runs again)",
    )


def test_a_folder_that_is_not_there_is_said_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no folder '.*/none-here': create it, or set the config key seeds"):
        read_seeds(str(tmp_path / "none-here"))


def test_a_seed_that_may_run_again_is_fine() -> None:
    upsert = "INSERT INTO users VALUES (1, 'a', 1) ON CONFLICT (id) DO UPDATE SET email = excluded.email;"
    assert rehearsed("INSERT OR REPLACE INTO teams VALUES (1, 'x')", upsert) == Rehearsal()
    assert rehearsed("DELETE FROM teams; INSERT INTO teams (name) VALUES ('x'), ('y')") == Rehearsal()
    assert rehearsed("-- nothing yet") == Rehearsal()


def test_a_seed_that_fails_the_second_time_is_named_with_what_to_write() -> None:
    refused = "UNIQUE constraint failed: teams.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)"
    assert told("INSERT INTO teams (name) VALUES ('x') RETURNING id;\nINSERT INTO teams VALUES (7, 'y');") == [
        f"1.sql:2:1: it would fail when it runs again: {refused}: write INSERT OR REPLACE, or ON CONFLICT, on a key"
    ]


def test_a_seed_that_adds_its_rows_each_time_is_named() -> None:
    assert told("SELECT 1;\n  INSERT INTO teams (name) VALUES ('x'), ('y');") == [
        "1.sql:2:3: each run adds its rows of teams once more: write INSERT OR REPLACE, or ON CONFLICT, on a key"
    ]


def test_a_seed_that_changes_the_schema_is_named() -> None:
    assert told("CREATE TABLE IF NOT EXISTS extra (a)") == [
        "1.sql:1:1: it changes the schema, which belongs into a migration: it shows as drift"
    ]


def test_what_d1_refuses_is_named_with_its_place() -> None:
    (refusal,) = rehearsed("SELECT 1;\n\n  INSERT INTO nowhere VALUES (1)").refused
    assert (refusal.name, refusal.line, refusal.column) == ("1.sql", 3, 3)
    assert refusal.message.startswith("no such table: nowhere")
    (late,) = rehearsed("INSERT INTO users (id, team) VALUES (1, 99);").refused
    assert late.message.startswith("FOREIGN KEY constraint failed")


def test_rows_that_only_the_real_database_has_are_not_judged() -> None:
    assert rehearsed("INSERT INTO users (id, team) VALUES (1, 99);", objects=LIVE, pending=()).refused == ()


def test_a_seed_may_stand_on_the_rows_of_a_migration_and_of_another_seed() -> None:
    rows = Migration("0002_rows.sql", "INSERT INTO teams VALUES (1, 'x')")
    seeds = ("INSERT OR IGNORE INTO users VALUES (1, 'a', 1)", "INSERT OR IGNORE INTO users VALUES (2, 'b', 1)")
    assert rehearsed(*seeds, pending=(TABLES, rows)) == Rehearsal()


def test_only_those_that_are_to_run_are_judged() -> None:
    seeds = [
        Migration("1.sql", "INSERT INTO nowhere VALUES (1)"),
        Migration("2.sql", "INSERT INTO teams VALUES (1, 'x')"),
    ]
    seen = rehearse((), (TABLES,), "d1_migrations", seeds, "2.sql".__eq__)
    assert (seen.refused, [item.name for item in seen.warnings]) == ((), ["2.sql"])


def test_bulk_data_is_run_once() -> None:
    bulk = "INSERT INTO teams VALUES (1, 'x');" + "-" * 1_000_000
    assert rehearsed(bulk) == Rehearsal()


def test_behind_a_broken_migration_nothing_is_said() -> None:
    broken = Migration("0002_broken.sql", "CREATE TABLE")
    assert rehearsed("INSERT INTO nowhere VALUES (1)", pending=(TABLES, broken)) == Rehearsal()


@pytest.mark.parametrize(
    ("stack", "config", "folder"),
    [
        ("dev", {}, ""),
        ("dev", {"seeds": "rows"}, "rows"),
        ("pr-3", {}, "seeds"),
        ("pr-3", {"seeds": "none"}, ""),
        ("pr-3", {"copyFrom": "dev"}, ""),
        ("pr-3", {"copyFrom": "dev", "seeds": "rows"}, "rows"),
        ("review", {"ttl": "1d"}, "seeds"),
        ("pr-3", {"protect": "true"}, ""),
        ("prod", {}, ""),
    ],
)
def test_ephemeral_stacks_have_seeds_without_being_told(stack: str, config: dict[str, str], folder: str) -> None:
    given = {f"shop:{key}": value for key, value in config.items()}
    assert read_settings(given, environment=stack, project="shop", account_id="a").seeds_dir == folder


@pytest.mark.parametrize("key", ["seeds", "copyFrom"])
@pytest.mark.parametrize(("stack", "protect"), [("prod", ""), ("production", ""), ("dev", "true")])
def test_prod_and_protected_stacks_are_never_filled(key: str, stack: str, protect: str) -> None:
    config = {f"shop:{key}": "other", "shop:protect": protect}
    with pytest.raises(ConfigError, match=f"shop:{key}: 'other' is not allowed: .*never seeded or copied into"):
        read_settings(config, environment=stack, project="shop", account_id="a")


def test_a_stack_is_no_copy_of_itself() -> None:
    with pytest.raises(ConfigError, match="a stack can't be a copy of itself"):
        read_settings({"shop:copyFrom": "dev"}, environment="dev", project="shop", account_id="a")
