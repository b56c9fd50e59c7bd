"""The statement of a file in batches is read in parts; what cannot run in batches is one message with its place."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.batches import BatchStatement, read_batches
from pulumi_d1.migrations.folder import Migration


def read(sql: str, comment: str = "-- d1:batch 10") -> BatchStatement:
    batches = read_batches(Migration("0001.sql", f"{comment}\n{sql}"), "migrations")
    assert batches
    return batches


def test_an_update_is_limited_to_a_range_of_keys() -> None:
    batches = read('UPDATE main."a b" AS u SET x = (SELECT y FROM z WHERE y) -- it\'s\nWHERE u.x IS NULL OR u.x = 1;')
    assert (batches.size, batches.table, batches.row) == (10, "a b", "u")
    assert batches.in_range("rowid", "5", "9") == (
        'UPDATE main."a b" AS u SET x = (SELECT y FROM z WHERE y) '
        "WHERE (u.x IS NULL OR u.x = 1) AND u.rowid > 5 AND u.rowid <= 9"
    )
    assert batches.next_range("rowid", "").endswith("WHERE (u.x IS NULL OR u.x = 1) ORDER BY 1 LIMIT 10)")


def test_distinct_from_is_no_from_clause() -> None:
    batches = read("UPDATE t SET same = a IS NOT DISTINCT FROM b WHERE same IS DISTINCT FROM 1;")
    assert (batches.change, batches.source) == ("SET same = a IS NOT DISTINCT FROM b", "")
    assert batches.condition == "same IS DISTINCT FROM 1"


def test_a_delete_without_a_condition_deletes_every_row() -> None:
    assert read("DELETE FROM t").in_range("id", "", "9") == "DELETE FROM t WHERE (true) AND t.id <= 9"


def test_an_insert_is_limited_and_keeps_its_columns() -> None:
    batches = read("WITH w AS (SELECT 1) INSERT INTO t (a, b) SELECT a, b FROM w ORDER BY a;")
    assert batches.limited(()) == (
        "WITH w AS (SELECT 1) INSERT INTO t ( a, b) SELECT * FROM (SELECT a, b FROM w ORDER BY a) LIMIT 10"
    )


def test_the_comment_counts_only_before_the_first_statement() -> None:
    assert read_batches(Migration("0001.sql", "SELECT 1; -- d1:batch 10")) is None
    assert read_batches(Migration("0001.sql", "SELECT '-- d1:batch 10';")) is None


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE t SET a = 1", "the UPDATE has no WHERE, so it would never end"),
        ("UPDATE OR IGNORE t SET a = 1 WHERE b", "UPDATE with a conflict clause"),
        ("REPLACE INTO t SELECT 1", "REPLACE with a conflict clause"),
        ("INSERT INTO t VALUES (1)", "holds one UPDATE, DELETE or INSERT ... SELECT"),
        ("INSERT INTO t SELECT 1 WHERE true ON CONFLICT DO NOTHING", "the INSERT has CONFLICT"),
        ("DELETE FROM t WHERE a RETURNING a", "the DELETE has RETURNING"),
        ("DELETE FROM t WHERE a LIMIT 1", "the DELETE has LIMIT"),
        ("INSERT INTO t SELECT a FROM u ORDER BY a LIMIT 5", "the INSERT has LIMIT"),
        ("SELECT 1", "holds one UPDATE, DELETE or INSERT ... SELECT"),
        ("CREATE TABLE t AS SELECT 1", "holds one UPDATE, DELETE or INSERT ... SELECT"),
        ("DELETE FROM t; DELETE FROM u", "and this one has 2 statements"),
        ("", "and this one has 0 statements"),
    ],
)
def test_what_cannot_run_in_batches_has_a_place_and_a_reason(sql: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(sql, "\n-- d1:batch 10")
    assert str(error.value).startswith("migrations/0001.sql:2:1: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "comment", ["-- d1:batch", "-- d1:batch many", "-- d1:batch 0", "-- d1:batch 100001", "/* d1:batch 5 */"]
)
def test_the_comment_has_a_number_of_rows(comment: str) -> None:
    with pytest.raises(ConfigError, match="the comment is not '-- d1:batch ROWS' with 1 to 100,000 rows"):
        read("DELETE FROM t", comment)
