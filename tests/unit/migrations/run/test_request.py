"""The ledger lists a migration only if all of its statements ran, regardless of how the file ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError, SqlError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.ledger import unfinished
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from pulumi_d1.sqlite.statements import split

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


def statements(sql: str) -> list[str]:
    """Return the statements of the request for the migration `1.sql` with this text."""
    return [item.text for item in split(make_request(Migration("1.sql", sql), "migrations", "d1_migrations").sql)]


@pytest.mark.parametrize("sql", [f"{TABLE};", f"{TABLE};\n{TRIGGER};"], ids=["query", "import"])
def test_a_second_run_repeats_nothing_even_if_its_statements_take_effect_one_by_one(sql: str) -> None:
    database = run(sql)
    create, refuse, *_ = statements(sql)
    run_script(database, create)
    with pytest.raises(SqlError, match="UNIQUE constraint failed: d1_migrations"):
        run_script(database, refuse)


def test_an_import_that_stops_halfway_is_marked_until_its_last_statement() -> None:
    script = statements(f"{TABLE};\nINSERT INTO t VALUES (1, 'a');\n{TRIGGER};")
    database = open_database(":memory:")
    for number, statement in enumerate(script):
        run_script(database, statement)
        names = [name for (name,) in database.execute("SELECT name FROM d1_migrations").fetchall()]
        is_begun, is_last = number >= 2, number == len(script) - 1
        assert names == (["1.sql"] if is_last else [unfinished("1.sql")] if is_begun else []), statement
    assert database.execute("SELECT count(*) FROM t").get == 1


@pytest.mark.parametrize("sql", [f"{TABLE};", f"{TABLE};\n{TRIGGER};"], ids=["query", "import"])
def test_the_ledger_is_the_one_that_wrangler_leaves(sql: str) -> None:
    database = run(sql)
    assert database.execute("SELECT id, name FROM d1_migrations").fetchall() == [(1, "1.sql")]
    assert database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'd1_migrations'").get == 1
