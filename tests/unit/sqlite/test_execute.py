"""Scripts run in one transaction, with D1's results and errors."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import Query, SQLValue, StatementResult, run_batch, run_script
from pulumi_d1.sqlite.sandbox import open_database


def _result(sql: str, params: tuple[SQLValue, ...] = ()) -> StatementResult:
    return run_script(open_database(":memory:"), sql, params)[-1]


def _refusal(sql: str, params: tuple[SQLValue, ...] = ()) -> tuple[str, int | None, int | None]:
    with pytest.raises(SqlError) as caught:
        _result(sql, params)
    return str(caught.value), caught.value.statement, caught.value.offset


def test_each_statement_has_a_result_of_its_own() -> None:
    create, insert, select = run_script(
        open_database(":memory:"), "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL); SELECT * FROM t"
    )
    assert (create.columns, create.rows, create.changes, create.changed_db) == ((), (), 0, True)
    assert (insert.changes, insert.last_row_id, insert.rows_written, insert.changed_db) == (2, 2, 2, True)
    assert (select.columns, select.rows) == (("a", "b"), ((1, "x"), (2, None)))
    assert (select.changes, select.changed_db, select.rows_read) == (0, False, 2)


def test_every_type_of_value_goes_in_and_comes_out() -> None:
    values = ("é\U0001f600", 2**63 - 1, 0.5, b"\x00\xff", None)
    assert _result("SELECT ?, ?, ?, ?, ?", values).rows == (values,)


def test_columns_are_named_even_without_rows() -> None:
    assert _result("SELECT 1 AS a, 2 AS a WHERE 0").columns == ("a", "a")


def test_returning_gives_rows_and_changes() -> None:
    result = _result("CREATE TABLE t (a); INSERT INTO t VALUES (5) RETURNING a, a + 1 AS b")
    assert (result.columns, result.rows, result.changes) == (("a", "b"), ((5, 6),), 1)


def test_changes_include_those_of_triggers() -> None:
    script = """
        CREATE TABLE t (a); CREATE TABLE l (a);
        CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO l VALUES (new.a); END;
        INSERT INTO t VALUES (1);
    """
    assert _result(script).changes == 2


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE IF NOT EXISTS t (a)", "UPDATE t SET a = 1", "PRAGMA defer_foreign_keys = ON"]
)
def test_a_statement_that_changes_nothing_reports_no_change(sql: str) -> None:
    assert not _result(f"CREATE TABLE t (a); {sql}").changed_db


@pytest.mark.parametrize(
    ("sql", "text", "statement", "offset"),
    [
        ("syntax error", 'near "syntax": syntax error at offset 0: SQLITE_ERROR', 0, 0),
        ("SELECT 1;\n  SELECT 'é', nope", "no such column: nope at offset 13: SQLITE_ERROR", 1, 13),
        ("SELECT 1; CREATE TABLE", "incomplete input: SQLITE_ERROR", 1, None),
        ("SELECT * FROM t", "no such table: t: SQLITE_ERROR", 0, None),
        (
            "CREATE TABLE t (a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1;",
            "incomplete input: SQLITE_ERROR",
            1,
            None,
        ),
        (
            "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1), (1)",
            "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
            1,
            None,
        ),
        ("SELECT 1\0", "SQL code did not contain a statement.", 0, None),
        ("SELECT nope\0", "no such column: nope at offset 7: SQLITE_ERROR", 0, 7),
        ("-- c\nSELECT nope", "no such column: nope at offset 12: SQLITE_ERROR", 0, 12),
        ("BEGIN NOW", 'near "NOW": syntax error at offset 6: SQLITE_ERROR', 0, 6),
    ],
)
def test_errors_have_the_text_and_the_place_that_d1_gives(
    sql: str, text: str, statement: int, offset: int | None
) -> None:
    assert _refusal(sql) == (text, statement, offset)


@pytest.mark.parametrize("sql", ["", " ;; ", "-- only a comment"])
def test_a_script_without_statements_is_refused(sql: str) -> None:
    assert _refusal(sql) == ("SQL code did not contain a statement.", None, None)


@pytest.mark.parametrize("params", [(), (1,), (1, 2, 3)])
def test_parameters_must_be_as_many_as_placeholders(params: tuple[SQLValue, ...]) -> None:
    assert _refusal("SELECT ?, ?", params) == ("Wrong number of parameter bindings for SQL query.", 0, None)


def test_parameters_need_a_single_statement() -> None:
    assert _refusal("SELECT ?; SELECT 2", (1,)) == ("params with multiple statements is not supported", None, None)


@pytest.mark.parametrize("value", [2**63, "\ud800"])
def test_a_value_that_sqlite_cannot_hold_is_a_sql_error(value: SQLValue) -> None:
    text, statement, _ = _refusal("SELECT ?", (value,))
    assert (text.endswith(": SQLITE_ERROR"), statement) == (True, 0)


def test_a_failing_statement_undoes_those_before_it() -> None:
    database = open_database(":memory:")
    with pytest.raises(SqlError):
        run_script(database, "CREATE TABLE t (a); INSERT INTO t VALUES (1); SELECT * FROM missing")
    [result] = run_script(database, "SELECT count(*) FROM sqlite_schema")
    assert result.rows == ((0,),)


def test_a_deferred_foreign_key_is_checked_at_the_end_and_undoes_everything() -> None:
    database = open_database(":memory:")
    run_script(database, "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id))")
    sql = "PRAGMA defer_foreign_keys = ON; INSERT INTO c VALUES (1);"
    with pytest.raises(SqlError) as caught:
        run_script(database, sql)
    assert str(caught.value) == (
        "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    )
    assert caught.value.statement is None
    assert run_script(database, "SELECT * FROM c")[0].rows == ()
    run_script(database, f"{sql} INSERT INTO p VALUES (1)")
    assert run_script(database, "SELECT * FROM c")[0].rows == ((1,),)


def test_a_statement_that_runs_again_after_an_alter_table_has_the_new_columns() -> None:
    database = open_database(":memory:")
    run_script(database, "CREATE TABLE t (a); SELECT * FROM t; ALTER TABLE t ADD b")
    assert run_script(database, "SELECT * FROM t")[0].columns == ("a", "b")


def test_analyze_leaves_the_tables_that_it_leaves_on_d1() -> None:
    database = open_database(":memory:")
    run_script(database, "CREATE TABLE t (a); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1); ANALYZE")
    tables = run_script(database, "SELECT name FROM sqlite_schema WHERE name LIKE 'sqlite_stat_'")[0].rows
    assert tables == (("sqlite_stat1",),)


def test_a_batch_is_one_transaction_with_parameters_for_each_query() -> None:
    database = open_database(":memory:")
    run_script(database, "CREATE TABLE t (a UNIQUE)")
    insert = "INSERT INTO t VALUES (?)"
    with pytest.raises(SqlError) as caught:
        run_batch(database, [Query(insert, (1,)), Query("SELECT 1; SELECT 2"), Query(insert, (1,))])
    assert caught.value.statement == 3
    assert len(run_batch(database, [Query(insert, (1,)), Query(insert, (2,)), Query("SELECT 1; SELECT 2")])) == 4
    assert run_script(database, "SELECT a FROM t ORDER BY a")[0].rows == ((1,), (2,))
