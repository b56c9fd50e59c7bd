"""The one statement that counts the rows of many tables, on the real D1 engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.migrations.rehearsal.counts import CountQuery, count_sql, read_counts
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted

if TYPE_CHECKING:
    from tests.support.workerd import Service


def test_d1_counts_a_hundred_and_fifty_in_one_statement_with_any_names(real_engine: Service) -> None:
    database = real_engine.new()
    names = ["order", "it's", 'a "b"', "a.b", "x]", "tab\there", "ünï", "-- no", "%", "group by"]
    expected = {}
    for number in range(50):
        table, column = f"{names[number % 10]} {number}", f"{names[(number + 3) % 10]}"
        other = "plain"
        values = ", ".join(f"({'NULL' if row % 3 else row}, {row % 2 or 'NULL'})" for row in range(number + 1))
        database(
            (
                {"sql": f"CREATE TABLE {quoted(table)} ({quoted(column)}, {other})"},
                {"sql": f"INSERT INTO {quoted(table)} VALUES {values}"},
            )
        )
        expected[CountQuery(table)] = number + 1
        expected[CountQuery(table, 7)] = min(number + 1, 7)
        expected[CountQuery(table, 70)] = number + 1
    counts = tuple(expected)
    [result] = database(({"sql": count_sql(counts)},))
    answer = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    assert read_counts(counts, answer) == expected
    assert len(expected) == 150


def test_counts_that_do_not_fit_into_a_statement_are_left_out(real_engine: Service) -> None:
    database = real_engine.new()
    database(({"sql": "CREATE TABLE t (a)"},))
    counts = [CountQuery("t", number % 7) for number in range(5_000)]
    sql = count_sql(counts)
    assert MAX_STATEMENT_BYTES - 1_000 < len(sql.encode()) <= MAX_STATEMENT_BYTES
    [result] = database(({"sql": sql},))
    assert [row[0] for row in result.rows] == list(range(len(result.rows)))
