"""The ledger lists a migration only if all of its statements ran, regardless of how the file ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database

if TYPE_CHECKING:
    import apsw

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, label TEXT)"
TRIGGER = "CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM t WHERE id > 9; END"


def run(sql: str) -> apsw.Connection:
    """Return a database after the migration `1.sql` with this text."""
    database = open_database(":memory:")
    run_script(database, make_request(Migration("1.sql", sql), "migrations", "d1_migrations").sql)
    return database


@pytest.mark.parametrize(
    "sql",
    [
        f"{TABLE};",
        f"{TABLE};\n",
        TABLE,
        f"{TABLE} -- no semicolon, and a comment",
        f"{TABLE}; -- a comment",
        f"{TABLE}; /* a comment */",
        f"{TABLE};;",
        f"{TABLE}; ;\r\n",
        f"{TABLE};\n{TRIGGER};",
        f"{TABLE};\n{TRIGGER}",
        f"\ufeff{TABLE};",
        f"{TABLE}; /* never closed",
        f"{TABLE} /* never closed",
    ],
)
def test_the_table_and_the_ledger_row_are_both_created(sql: str) -> None:
    database = run(sql)
    assert database.execute("SELECT name FROM d1_migrations").fetchall() == [("1.sql",)]
    assert database.execute("SELECT count(*) FROM sqlite_schema WHERE name = 't'").fetchall() == [(1,)]


@pytest.mark.parametrize("sql", ["", "-- nothing yet", "/* nothing yet */", ";"])
def test_an_empty_file_is_recorded(sql: str) -> None:
    assert run(sql).execute("SELECT name FROM d1_migrations").fetchall() == [("1.sql",)]


@pytest.mark.parametrize("end", ["SELECT 'never closed", 'SELECT "x', TRIGGER[:-4]])
def test_an_end_that_would_swallow_the_ledger_row_is_refused_with_its_line(end: str) -> None:
    with pytest.raises(ConfigError, match=r"^sql/1\.sql:3: .*never closed"):
        make_request(Migration("1.sql", f"{TABLE};\n\n{end}"), "sql", "d1_migrations")


def test_a_string_keeps_its_line_ends_and_the_rest_gets_lf() -> None:
    request = make_request(Migration("1.sql", "SELECT 'a\r\nb';\r\nSELECT 1;\r\n"), "migrations", "d1_migrations")
    assert "SELECT 'a\r\nb';\nSELECT 1;\n" in request.sql


def test_the_schema_keeps_the_text_that_the_user_wrote() -> None:
    statement = "CREATE TABLE u (\n  -- who\n  id INTEGER /* key */ PRIMARY KEY\n)"
    database = run(f"-- it's here\n{statement} -- the end\n;\n-- bye")
    assert database.execute("SELECT sql FROM sqlite_schema WHERE name = 'u'").fetchall() == [(statement,)]


@pytest.mark.parametrize(
    ("sql", "as_import"),
    [
        (TABLE, False),
        (f"{TABLE};\n{TRIGGER};", True),
        ("create /* a */ temp -- b\n trigger x after insert on t begin select 1; end;", True),
        ("SELECT 'CREATE TRIGGER x';", False),
        ("-- CREATE TRIGGER x\nSELECT 1;", False),
        ("CREATE TABLE trigger_log (id INTEGER);", False),
        ("-- it's between statements; so it stays here\nSELECT 1;", False),
        ("SELECT 1 -- it's inside\n;", True),
        ("SELECT /* a; b */ 1;", True),
        ("SELECT /* harmless */ 1;", False),
        ("SELECT '-- it''s a string;';", False),
    ],
)
def test_a_file_that_query_splits_wrongly_is_an_import(sql: str, as_import: bool) -> None:  # noqa: FBT001 - a parameter
    assert make_request(Migration("1.sql", sql), "migrations", "d1_migrations").as_import is as_import


def test_the_text_of_a_large_file_is_not_copied() -> None:
    text = "-- why\nCREATE TABLE t (a);\n" + f"INSERT INTO t VALUES ('{'x' * 90_000}');\n" * 12
    migration = Migration("1.sql", text)
    request = make_request(migration, "migrations", "d1_migrations")
    assert request.as_import
    assert any(piece is migration.sql for piece in request.pieces)


@pytest.mark.parametrize("end", ["", ";", " -- a comment", "; -- a comment", "; /* never closed", "; /* never closed;"])
def test_a_large_file_is_recorded_regardless_of_its_end(end: str) -> None:
    text = "CREATE TABLE t (a);\n" + f"INSERT INTO t VALUES ('{'x' * 90_000}');\n" * 12 + f"SELECT 1{end}"
    database = run(text)
    assert database.execute("SELECT name FROM d1_migrations").get == "1.sql"
    assert database.execute("SELECT count(*) FROM t").get == 12
