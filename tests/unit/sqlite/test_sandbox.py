"""D1's rules for statements, with the service's error texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import TRANSACTION_REFUSED, open_database

if TYPE_CHECKING:
    from pathlib import Path

    import apsw


@pytest.fixture
def database() -> apsw.Connection:
    connection = open_database(":memory:")
    run_script(connection, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'one')")
    return connection


def _refusal(database: apsw.Connection, sql: str) -> str:
    with pytest.raises(SqlError) as caught:
        run_script(database, sql)
    return str(caught.value)


@pytest.mark.parametrize("sql", ["BEGIN", "begin immediate", "COMMIT", "END", "ROLLBACK", "SAVEPOINT a", "RELEASE a"])
def test_transactions_are_refused_in_the_words_of_the_service(database: apsw.Connection, sql: str) -> None:
    assert _refusal(database, sql) == TRANSACTION_REFUSED
    # Again, because the sandbox's own statements must not have put it into a cache.
    assert _refusal(database, sql) == TRANSACTION_REFUSED


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH ':memory:' AS other",
        "DETACH main",
        "CREATE TEMP TABLE x (a)",
        "CREATE TEMP VIEW x AS SELECT 1",
        "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE _cf_mine (a)",
        "CREATE INDEX _cf_i ON t (b)",
        "CREATE TABLE _CF_mine (a)",
        "ALTER TABLE t RENAME TO _cf_mine",
        "CREATE VIRTUAL TABLE _cf_f USING fts5(a)",
        "CREATE VIRTUAL TABLE x USING geopoly()",
        "PRAGMA user_version",
        "PRAGMA user_version = 1",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA integrity_check",
        "PRAGMA writable_schema = ON",
        "PRAGMA data_version = 1",
        "PRAGMA foreign_keys = maybe",
        "PRAGMA optimize(every)",
        "PRAGMA table_info('_cf_KV')",
        "SELECT * FROM pragma_table_info('_cf_KV')",
    ],
)
def test_statements_that_d1_does_not_allow_are_not_authorized(database: apsw.Connection, sql: str) -> None:
    assert _refusal(database, sql) == "not authorized: SQLITE_AUTH"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT sqlite_version()", "not authorized to use function: sqlite_version at offset 7: SQLITE_ERROR"),
        ("SELECT  unistr('a')", "not authorized to use function: unistr at offset 8: SQLITE_ERROR"),
        ("SELECT json_pretty('1')", "not authorized to use function: json_pretty at offset 7: SQLITE_ERROR"),
        # The service's list has this function, but SQLite itself disables it, there as here.
        ("SELECT load_extension('x')", "not authorized: SQLITE_ERROR"),
        ("VACUUM", "cannot VACUUM from within a transaction: SQLITE_ERROR"),
        ("SELECT * FROM dbstat", "no such table: dbstat: SQLITE_ERROR"),
    ],
)
def test_other_refusals_have_their_own_texts(database: apsw.Connection, sql: str, text: str) -> None:
    assert _refusal(database, sql) == text


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        (f"SELECT '{'x' * 100_000}'", "statement too long: SQLITE_TOOBIG"),
        ("SELECT zeroblob(2200001)", "string or blob too big: SQLITE_TOOBIG"),
        (f"CREATE TABLE w ({', '.join(f'c{n}' for n in range(101))})", "too many columns on w: SQLITE_ERROR"),
        (" UNION ".join(["SELECT 1"] * 6), "too many terms in compound SELECT: SQLITE_ERROR"),
        (f"SELECT 'a' LIKE '{'x' * 51}'", "LIKE or GLOB pattern too complex: SQLITE_ERROR"),
        ("SELECT " + "+".join(["1"] * 101), "Expression tree is too large (maximum depth 100): SQLITE_ERROR"),
        (f"SELECT max({', '.join(['1'] * 128)})", "too many arguments on function max at offset 7: SQLITE_ERROR"),
        ("SELECT ?101", "variable number must be between ?1 and ?100 at offset 7: SQLITE_ERROR"),
    ],
)
def test_limits_hold_just_above_the_allowed_figure(database: apsw.Connection, sql: str, text: str) -> None:
    assert _refusal(database, sql) == text


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT '{'x' * 99_991}'",
        "SELECT length(zeroblob(2200000))",
        f"CREATE TABLE w ({', '.join(f'c{n}' for n in range(100))})",
        " UNION ".join(["SELECT 1"] * 5),
        "VALUES " + ", ".join(["(1)"] * 50),
        f"SELECT 'a' LIKE '{'x' * 50}'",
        f"SELECT max({', '.join(['1'] * 127)})",
        "PRAGMA foreign_key_check",
        "PRAGMA foreign_key_list(t)",
        "PRAGMA table_list",
        "PRAGMA table_xinfo(t)",
        "PRAGMA quick_check(5)",
        "PRAGMA optimize",
        "PRAGMA optimize(-1)",
        "PRAGMA defer_foreign_keys = 'on'",
        "PRAGMA data_version",
        "ANALYZE",
        "REINDEX t",
        "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME b TO c; ALTER TABLE u ADD d INT; ALTER TABLE u DROP COLUMN c",
        "CREATE VIRTUAL TABLE f USING fts5(a); CREATE VIRTUAL TABLE v USING fts5vocab(f, row); DROP TABLE v",
        "CREATE VIRTUAL TABLE f USING fts5(a); SELECT highlight(f, 0, '<', '>'), bm25(f) FROM f('x'); DROP TABLE f",
        "SELECT json_extract('[1]', '$[0]'), '[1]' ->> 0, value FROM json_each('[1]')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT sum(i) OVER () FROM n",
        "DROP TABLE IF EXISTS _cf_none",
    ],
)
def test_statements_that_d1_allows_run(database: apsw.Connection, sql: str) -> None:
    assert run_script(database, sql)


def test_a_double_quoted_word_that_names_no_column_is_a_string(database: apsw.Connection) -> None:
    [result] = run_script(database, 'SELECT "b", "nothing" FROM t')
    assert result.rows == (("one", "nothing"),)


def test_triggers_stop_at_a_depth_of_ten(database: apsw.Connection) -> None:
    script = "PRAGMA recursive_triggers = ON; INSERT INTO n VALUES (1)"
    trigger = (
        "CREATE TABLE n (a);"
        "CREATE TRIGGER r AFTER INSERT ON n WHEN new.a < {} BEGIN INSERT INTO n VALUES (new.a + 1); END"
    )
    run_script(database, trigger.format(10))
    run_script(database, script)
    run_script(database, "DROP TABLE n")
    run_script(database, trigger.format(12))
    assert _refusal(database, script) == "triggers nested too deep: SQLITE_ERROR"


def test_foreign_keys_hold_and_cannot_be_switched_off(database: apsw.Connection) -> None:
    run_script(database, "CREATE TABLE c (a REFERENCES t (a))")
    sql = "PRAGMA foreign_keys = OFF; INSERT INTO c VALUES (7)"
    assert _refusal(database, sql) == (
        "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    )


@pytest.mark.parametrize(
    ("pragma", "probe"),
    [
        ("case_sensitive_like", "SELECT 'A' LIKE 'a'"),
        ("ignore_check_constraints", "PRAGMA ignore_check_constraints"),
        ("legacy_alter_table", "PRAGMA legacy_alter_table"),
        ("recursive_triggers", "PRAGMA recursive_triggers"),
        ("reverse_unordered_selects", "PRAGMA reverse_unordered_selects"),
        ("defer_foreign_keys", "PRAGMA defer_foreign_keys"),
    ],
)
@pytest.mark.parametrize("ending", ["", "; SELECT * FROM missing"])
def test_a_pragma_ends_with_its_transaction(database: apsw.Connection, pragma: str, probe: str, ending: str) -> None:
    before = run_script(database, probe)[0].rows
    during = run_script(database, f"PRAGMA {pragma} = ON; {probe}")[-1].rows
    assert during != before
    if ending:
        _refusal(database, f"PRAGMA {pragma} = ON{ending}")
    assert run_script(database, probe)[0].rows == before


def test_a_file_opens_under_the_same_rules(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "a.sqlite")
    assert _refusal(connection, "PRAGMA user_version") == "not authorized: SQLITE_AUTH"
    connection.close()
