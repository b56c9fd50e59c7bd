"""After the last file, a database that differs from the rehearsal is an error with the restore command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.review.review import review_database
from pulumi_d1.migrations.run.runner import RunReport, apply
from pulumi_d1.system.log import show_messages
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


def up(database: D1Api, *files: Migration, meanwhile: str = "") -> RunReport:
    """Run `files`; someone else writes `meanwhile` after the run has taken its bookmark."""

    def interrupt(line: str) -> None:
        if meanwhile and line.startswith("took bookmark "):
            database.write(meanwhile)

    show_messages(interrupt)
    try:
        return apply(database, review_database(database, files, TARGET.table, {}), TARGET)
    finally:
        show_messages(lambda _: None)


def test_a_rebuild_that_keeps_every_row_is_verified(database: D1Api) -> None:
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), (NULL)")
    assert up(database, USERS, rebuild()).ledger == ("0001_users.sql", "0002_rebuild.sql")


def test_a_rebuild_that_leaves_rows_behind_is_an_error_with_the_restore_command(database: D1Api) -> None:
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), ('Bo'), (NULL)")
    before = database.bookmark()
    with pytest.raises(MigrationFailed) as error:
        up(database, USERS, rebuild(" WHERE name IS NOT NULL"))
    text = str(error.value)
    assert "table users has 2 rows and had 3; no file deletes any" in text
    assert f"wrangler d1 time-travel restore {TARGET.name} --bookmark={before}" in text
    assert error.value.applied == ("0002_rebuild.sql",), "it is applied, and the state must record that"


def test_a_rebuild_by_another_name_must_keep_its_rows_too(database: D1Api) -> None:
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), (NULL)")
    sql = (
        "ALTER TABLE users RENAME TO users_old;\nCREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"
        "INSERT INTO users SELECT * FROM users_old WHERE name IS NOT NULL;\nDROP TABLE users_old;"
    )
    with pytest.raises(MigrationFailed, match="table users has 1 row and had 2; no file deletes any"):
        up(database, USERS, Migration("0002_rename.sql", sql))


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE users;\nCREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT);",
        f"{rebuild().sql}\nDELETE FROM users WHERE name = '';",
    ],
    ids=["created again without its rows", "rebuilt, and then rows deleted"],
)
def test_rows_that_a_file_is_meant_to_delete_are_no_difference(database: D1Api, sql: str) -> None:
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
