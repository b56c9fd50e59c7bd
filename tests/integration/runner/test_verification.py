"""After the last file, a database that differs from the rehearsal is an error with the restore command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions, RowsMode
from pulumi_d1.migrations.review.review import review_database
from pulumi_d1.migrations.run.options import RunOptions
from pulumi_d1.migrations.run.runner import RunReport, apply
from pulumi_d1.system.log import show_messages
from tests.support.faults import arrange, arranged
from tests.support.runner import TARGET

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);")
TAGS = Migration("0002_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);")


def rebuild(where: str = "") -> Migration:
    return Migration(
        "0002_rebuild.sql",
        "CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');\n"
        f"INSERT INTO users_new SELECT id, coalesce(name, '') FROM users{where};\n"
        "DROP TABLE users;\nALTER TABLE users_new RENAME TO users;",
    )


def up(
    database: D1Api,
    *files: Migration,
    meanwhile: str = "",
    rows: RowsMode = RowsMode.AUTO,
    options: RehearsalOptions | None = None,
) -> RunReport:
    """Run `files`; someone else writes `meanwhile` after the run has taken its bookmark."""
    options = options or RehearsalOptions(rows)

    def interrupt(line: str) -> None:
        if meanwhile and line.startswith("took bookmark "):
            database.write(meanwhile)

    show_messages(interrupt)
    try:
        review = review_database(database, files, TARGET.table, {}, options=options)
        return apply(database, review, TARGET, options=RunOptions(rehearsal=options))
    finally:
        show_messages(lambda _: None)


def with_people(database: D1Api) -> None:
    """Create the table users with three rows."""
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), ('Bo'), (NULL)")


LIVE_OR_SAMPLE = pytest.mark.parametrize("rows", [RowsMode.LIVE, RowsMode.SAMPLE])


@pytest.mark.parametrize("rows", RowsMode)
def test_a_rebuild_that_keeps_every_row_is_verified(database: D1Api, rows: RowsMode) -> None:
    with_people(database)
    assert up(database, USERS, rebuild(), rows=rows).ledger == ("0001_users.sql", "0002_rebuild.sql")


@LIVE_OR_SAMPLE
def test_missing_rows_are_an_error_with_the_file_that_may_be_the_cause(database: D1Api, rows: RowsMode) -> None:
    with_people(database)
    before = database.bookmark()
    with pytest.raises(MigrationFailed) as error:
        up(database, USERS, rebuild(), meanwhile="DELETE FROM users WHERE id = 2", rows=rows)
    text = str(error.value)
    assert "table users has 2 rows, and 3 are expected; 0002_rebuild.sql drops it in line 3" in text
    assert f"wrangler d1 time-travel restore {TARGET.name} --bookmark={before}" in text
    assert error.value.applied == ("0002_rebuild.sql",), "it is applied, and the state must record that"


@LIVE_OR_SAMPLE
def test_someone_else_is_blamed_if_no_file_can_be_the_cause(database: D1Api, rows: RowsMode) -> None:
    with_people(database)
    file = Migration("0002_names.sql", "UPDATE users SET name = 'Bob' WHERE id = 2;")
    message = "table users has 2 rows, and 3 are expected; no file deletes any, so someone else did"
    with pytest.raises(MigrationFailed, match=message):
        up(database, USERS, file, meanwhile="DELETE FROM users WHERE id = 1", rows=rows)


def test_a_delete_that_meets_other_rows_than_in_the_rehearsal_is_named_with_its_line(database: D1Api) -> None:
    with_people(database)
    file = Migration("0002_purge.sql", "SELECT 1;\nDELETE FROM users WHERE name IS NULL;")
    message = r"table users has 1 row, and 2 are expected; 0002_purge\.sql deletes rows of it in line 2"
    with pytest.raises(MigrationFailed, match=message):
        up(database, USERS, file, meanwhile="UPDATE users SET name = NULL WHERE id = 2")


REPLACE = Migration("0002_replace.sql", "INSERT OR REPLACE INTO users VALUES (1, 'Bo');")


def replace_two_rows(database: D1Api, rows: RowsMode) -> RunReport:
    """Run REPLACE, which meets two rows where the rehearsal met one."""
    up(database, USERS)
    database.write("CREATE UNIQUE INDEX by_name ON users (name); INSERT INTO users VALUES (1, 'Ann'), (2, 'Cy')")
    return up(database, USERS, REPLACE, meanwhile="UPDATE users SET name = 'Bo' WHERE id = 2", rows=rows)


def test_a_replacement_of_more_rows_than_in_the_rehearsal_is_named_with_its_line(database: D1Api) -> None:
    message = r"table users has 1 row, and 2 are expected; 0002_replace\.sql deletes rows of it in line 1"
    with pytest.raises(MigrationFailed, match=message):
        replace_two_rows(database, RowsMode.LIVE)


def test_a_sample_does_not_predict_how_many_rows_a_file_replaces(database: D1Api) -> None:
    assert replace_two_rows(database, RowsMode.SAMPLE).ran == (REPLACE.name,)


def test_a_trigger_and_a_foreign_key_may_be_the_cause_too(database: D1Api) -> None:
    up(database, USERS)
    database.write(
        "CREATE TABLE pets (owner REFERENCES users (id) ON DELETE CASCADE, name); CREATE TABLE log (what);"
        "CREATE TABLE last (id INTEGER PRIMARY KEY, what UNIQUE);"
        "CREATE TRIGGER cleans AFTER DELETE ON users BEGIN"
        " DELETE FROM log WHERE what = old.name; INSERT OR REPLACE INTO last VALUES (1, old.name); END;"
        "INSERT INTO users VALUES (1, 'Ann'), (2, 'Bo'); INSERT INTO pets VALUES (1, 'Rex'), (2, 'Kit');"
        "INSERT INTO log VALUES ('Ann'), ('Bo'); INSERT INTO last VALUES (1, ''), (2, 'Bo');"
    )
    file = Migration("0002_purge.sql", "DELETE FROM users WHERE id = 1;")
    meanwhile = "UPDATE pets SET owner = 1; UPDATE log SET what = 'Ann'; UPDATE last SET what = 'Ann' WHERE id = 2"
    with pytest.raises(MigrationFailed) as error:
        up(database, USERS, file, meanwhile=meanwhile)
    for table, rows in (("pets", "0 rows, and 1"), ("log", "0 rows, and 1"), ("last", "1 row, and 2")):
        message = f"table {table} has {rows} are expected; 0002_purge.sql deletes rows of it in line 1"
        assert message in str(error.value)


def test_rows_that_someone_else_adds_are_no_difference(database: D1Api) -> None:
    with_people(database)
    assert up(database, USERS, rebuild(), meanwhile="INSERT INTO users (name) VALUES ('Di')").ran == (
        "0002_rebuild.sql",
    )


def test_a_table_that_is_too_large_to_be_counted_is_no_difference(database: D1Api) -> None:
    up(database, USERS, TAGS)
    database.write(
        "INSERT INTO users (name) VALUES (1), (2), (3), (4), (5), (6), (7), (8); INSERT INTO tags VALUES (1)"
    )
    both = Migration("0003_both.sql", "UPDATE users SET name = ''; UPDATE tags SET id = 2;")
    options = RehearsalOptions(RowsMode.LIVE, limit_mb=0)
    assert up(database, USERS, TAGS, both, options=options).ran == (both.name,)


def test_a_table_that_no_file_changes_is_not_compared(database: D1Api) -> None:
    with_people(database)
    assert up(database, USERS, TAGS, meanwhile="DELETE FROM users").ran == ("0002_tags.sql",)


def test_a_sample_does_not_predict_how_many_rows_a_file_deletes(database: D1Api) -> None:
    with_people(database)
    file = Migration("0002_purge.sql", "DELETE FROM users WHERE name IS NULL;")
    meanwhile = "UPDATE users SET name = NULL WHERE id = 2"
    assert up(database, USERS, file, meanwhile=meanwhile, rows=RowsMode.SAMPLE).ran == ("0002_purge.sql",)


def test_without_rows_only_the_schema_is_compared_and_no_row_is_counted(database: D1Api) -> None:
    with_people(database)
    arrange(database.client, faults=[{"fault": "latency", "ms": 0, "times": None, "contains": "count(*)"}])
    file = Migration("0002_purge.sql", "DELETE FROM users WHERE name IS NULL;")
    assert up(database, USERS, file, meanwhile="DELETE FROM users", rows=RowsMode.MADE).ran == ("0002_purge.sql",)
    assert arranged(database.client)[0]["seen"] == 0
    with pytest.raises(MigrationFailed, match="table stranger exists, but no file creates it"):
        up(database, USERS, file, TAGS, meanwhile="CREATE TABLE stranger (a)", rows=RowsMode.MADE)
    arrange(database.client)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE users;\nCREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT);",
        f"{rebuild().sql}\nDELETE FROM users WHERE name = '';",
        rebuild(" WHERE name IS NOT NULL").sql,
        "INSERT OR REPLACE INTO users VALUES (1, 'Ann'); DELETE FROM users WHERE id = 1;",
    ],
    ids=["created again without its rows", "rebuilt, and then rows deleted", "left out of a copy", "replaced"],
)
def test_rows_that_are_missing_in_the_rehearsal_too_are_no_difference(database: D1Api, sql: str) -> None:
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), (NULL)")
    assert up(database, USERS, Migration("0002_meant.sql", sql)).ran == ("0002_meant.sql",)


def test_a_table_that_someone_else_creates_during_the_run_is_named(database: D1Api) -> None:
    with pytest.raises(MigrationFailed, match="table stranger exists, but no file creates it"):
        up(database, USERS, meanwhile="CREATE TABLE stranger (a)")


def test_a_column_that_someone_else_drops_during_the_run_is_named(database: D1Api) -> None:
    up(database, USERS)
    with pytest.raises(MigrationFailed, match=r"column users\.name is missing"):
        up(database, USERS, TAGS, meanwhile="ALTER TABLE users DROP COLUMN name")


def test_drift_from_before_the_run_is_no_difference(database: D1Api) -> None:
    up(database, USERS)
    database.write("CREATE TABLE stranger (a); ALTER TABLE users ADD COLUMN age")
    assert up(database, USERS, TAGS).ran == ("0002_tags.sql",)
