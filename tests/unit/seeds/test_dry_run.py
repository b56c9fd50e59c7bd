"""The problems that a dry run finds in seeds."""

from __future__ import annotations

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.seeds.dry_run import SeedProblems, dry_run_seeds
from pulumi_d1.sqlite.schema import SchemaObject

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, team REFERENCES teams(id));"
TABLES = Migration("0001_tables.sql", f"CREATE TABLE teams (id INTEGER PRIMARY KEY, name); {USERS}")
LIVE = (
    SchemaObject("table", "teams", "teams", "CREATE TABLE teams (id INTEGER PRIMARY KEY, name)"),
    SchemaObject("table", "users", "users", USERS.removesuffix(";")),
)


def problems(
    *seeds: str, objects: tuple[SchemaObject, ...] = (), pending: tuple[Migration, ...] = (TABLES,)
) -> SeedProblems:
    files = [Migration(f"{number}.sql", sql) for number, sql in enumerate(seeds, 1)]
    return dry_run_seeds(objects, pending, "d1_migrations", files, {file.name for file in files}, kind(objects))


def kind(objects: tuple[SchemaObject, ...]) -> BasisKind:
    return BasisKind.MADE if objects else BasisKind.NEW


def warnings(*seeds: str) -> list[str]:
    return [f"{item.name}:{item.line}:{item.column}: {item.message}" for item in problems(*seeds).warnings]


def test_a_seed_that_can_run_again_has_no_problems() -> None:
    upsert = "INSERT INTO users VALUES (1, 'a', 1) ON CONFLICT (id) DO UPDATE SET email = excluded.email;"
    assert problems("INSERT OR REPLACE INTO teams VALUES (1, 'x')", upsert) == SeedProblems()
    assert problems("DELETE FROM teams; INSERT INTO teams (name) VALUES ('x'), ('y')") == SeedProblems()
    assert problems("-- nothing yet") == SeedProblems()


def test_a_seed_that_would_fail_the_second_time_is_a_warning_with_a_fix() -> None:
    refused = "UNIQUE constraint failed: teams.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)"
    assert warnings("INSERT INTO teams (name) VALUES ('x') RETURNING id;\nINSERT INTO teams VALUES (7, 'y');") == [
        f"1.sql:2:1: would fail if it ran again: {refused}: use ON CONFLICT (key) DO UPDATE, or DO NOTHING"
    ]


def test_a_seed_that_adds_its_rows_each_time_is_a_warning() -> None:
    assert warnings("SELECT 1;\n  INSERT INTO teams (name) VALUES ('x'), ('y');") == [
        "1.sql:2:3: each run adds its rows to teams again: use ON CONFLICT (key) DO UPDATE, or DO NOTHING"
    ]


def test_a_seed_that_changes_the_schema_is_a_warning() -> None:
    assert warnings("CREATE TABLE IF NOT EXISTS extra (a)") == [
        "1.sql:1:1: changes the schema, which will show as drift: move it to a migration"
    ]


def test_a_refused_statement_is_named_with_its_place() -> None:
    (refusal,) = problems("SELECT 1;\n\n  INSERT INTO nowhere VALUES (1)").refused
    assert (refusal.name, refusal.line, refusal.column) == ("1.sql", 3, 3)
    assert refusal.message.startswith("no such table: nowhere")
    (late,) = problems("INSERT INTO users (id, team) VALUES (1, 99);").refused
    assert late.message.startswith("FOREIGN KEY constraint failed")


def test_a_seed_that_depends_on_live_rows_is_not_refused() -> None:
    assert problems("INSERT INTO users (id, team) VALUES (1, 99);", objects=LIVE, pending=()).refused == ()


def test_a_seed_may_need_rows_of_a_migration_and_of_another_seed() -> None:
    rows = Migration("0002_rows.sql", "INSERT INTO teams VALUES (1, 'x')")
    seeds = ("INSERT OR IGNORE INTO users VALUES (1, 'a', 1)", "INSERT OR IGNORE INTO users VALUES (2, 'b', 1)")
    assert problems(*seeds, pending=(TABLES, rows)) == SeedProblems()


def test_only_seeds_that_are_about_to_run_are_reported() -> None:
    seeds = [
        Migration("1.sql", "INSERT INTO nowhere VALUES (1)"),
        Migration("2.sql", "INSERT INTO teams VALUES (1, 'x')"),
    ]
    reported = dry_run_seeds((), (TABLES,), "d1_migrations", seeds, {"2.sql"}, BasisKind.NEW)
    assert (reported.refused, [item.name for item in reported.warnings]) == ((), ["2.sql"])


def test_bulk_data_runs_once() -> None:
    bulk = "INSERT INTO teams VALUES (1, 'x');" + "-" * 1_000_000
    assert problems(bulk) == SeedProblems()


def test_after_a_refused_migration_no_problem_is_reported() -> None:
    broken = Migration("0002_broken.sql", "CREATE TABLE")
    assert problems("INSERT INTO nowhere VALUES (1)", pending=(TABLES, broken)) == SeedProblems()
