"""After the last file the database is read again: what the rehearsal did not make is an error, with the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.review.review import look
from pulumi_d1.migrations.run.runner import Report, apply
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


def up(database: D1Api, *files: Migration, meanwhile: str = "") -> Report:
    """A whole run; someone else writes `meanwhile` once it has taken its bookmark."""

    def say(line: str) -> None:
        if meanwhile and line.startswith("bookmark "):
            database.write(meanwhile)

    return apply(database, look(database, files, TARGET.table, {}), TARGET, say=say)


def test_a_rebuild_that_keeps_every_row_is_verified(database: D1Api) -> None:
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), (NULL)")
    assert up(database, USERS, rebuild()).ledger == ("0001_users.sql", "0002_rebuild.sql")


def test_a_rebuild_that_leaves_rows_behind_is_an_error_with_the_way_back(database: D1Api) -> None:
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), ('Bo'), (NULL)")
    before = database.bookmark()
    with pytest.raises(MigrationFailed) as error:
        up(database, USERS, rebuild(" WHERE name IS NOT NULL"))
    text = str(error.value)
    assert "table users has 2 rows and had 3; no file takes any" in text
    assert f"wrangler d1 time-travel restore {TARGET.name} --bookmark={before}" in text
    assert error.value.applied == ("0002_rebuild.sql",), "it is applied, and the state has to know"


def test_a_rebuild_by_another_name_is_held_to_its_rows_too(database: D1Api) -> None:
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), (NULL)")
    sql = (
        "ALTER TABLE users RENAME TO users_old;\nCREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"
        "INSERT INTO users SELECT * FROM users_old WHERE name IS NOT NULL;\nDROP TABLE users_old;"
    )
    with pytest.raises(MigrationFailed, match="table users has 1 row and had 2; no file takes any"):
        up(database, USERS, Migration("0002_rename.sql", sql))


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE users;\nCREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT);",
        f"{rebuild().sql}\nDELETE FROM users WHERE name = '';",
    ],
    ids=["made again without its rows", "rebuilt and then thinned out"],
)
def test_what_a_file_means_to_take_is_no_difference(database: D1Api, sql: str) -> None:
    up(database, USERS)
    database.write("INSERT INTO users (name) VALUES ('Ann'), (NULL)")
    assert up(database, USERS, Migration("0002_meant.sql", sql)).ran == ("0002_meant.sql",)


def test_a_table_that_comes_from_elsewhere_during_the_run_is_named(database: D1Api) -> None:
    with pytest.raises(MigrationFailed, match="table stranger is there, and no file made it"):
        up(database, USERS, meanwhile="CREATE TABLE stranger (a)")


def test_a_column_that_goes_during_the_run_is_named(database: D1Api) -> None:
    up(database, USERS)
    with pytest.raises(MigrationFailed, match=r"column users\.name is not there"):
        up(database, USERS, TAGS, meanwhile="ALTER TABLE users DROP COLUMN name")


def test_drift_from_before_the_run_is_not_its_fault(database: D1Api) -> None:
    up(database, USERS)
    database.write("CREATE TABLE stranger (a); ALTER TABLE users ADD COLUMN age")
    assert up(database, USERS, TAGS).ran == ("0002_tags.sql",)
