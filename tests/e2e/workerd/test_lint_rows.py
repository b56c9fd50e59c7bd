"""The rows that lint needs counted, and the one statement that counts them on the real D1 engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.migrations.review.counts import CountQuery, count_sql, needed_counts, read_counts
from pulumi_d1.migrations.review.rehearsal import rehearse
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted
from tests.support.lint import live

if TYPE_CHECKING:
    from tests.support.workerd import Service


def needed(*files: str, more: str = "") -> tuple[CountQuery, ...]:
    """Return the counts that lint needs for files that are pending on the live database."""
    objects = schema.read(live.database(more)).objects.values()
    return needed_counts(rehearse(objects, live.pending(*files), live.TABLE))


def test_rows_are_counted_once_and_in_order() -> None:
    assert needed(
        "ALTER TABLE content DROP COLUMN body; UPDATE content SET title = ''; DELETE FROM sessions;",
        "ALTER TABLE sessions ADD COLUMN token TEXT NOT NULL; UPDATE content SET title = 'x';",
        "DROP TABLE users;",
    ) == (
        CountQuery("content", ("body",)),
        CountQuery("content", ("title",)),
        CountQuery("sessions"),
        CountQuery("content", ("author_id",)),
        CountQuery("files", ("owner_id",)),
        CountQuery("users"),
    )


def test_tables_and_columns_are_counted_by_their_live_names() -> None:
    assert needed(
        'ALTER TABLE "Ünïcode" RENAME TO plain; ALTER TABLE plain RENAME COLUMN "Größe" TO size;',
        "ALTER TABLE plain DROP COLUMN size; DROP TABLE PLAIN;",
        more='CREATE TABLE "Ünïcode" ("Größe" INTEGER, id INTEGER);',
    ) == (CountQuery("Ünïcode", ("Größe",)), CountQuery("Ünïcode"))


def test_tables_and_columns_that_do_not_exist_yet_are_not_counted() -> None:
    assert (
        needed("CREATE TABLE a (x); ALTER TABLE users ADD COLUMN y;", "DROP TABLE a; ALTER TABLE users DROP COLUMN y;")
        == ()
    )


def test_the_ledger_is_not_counted() -> None:
    assert needed(f"DELETE FROM {live.TABLE};") == ()


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
        expected[CountQuery(table, (column,))] = len(range(0, number + 1, 3))
        expected[CountQuery(table, (column, other))] = len([row for row in range(0, number + 1, 3) if row % 2])
    counts = tuple(expected)
    [result] = database(({"sql": count_sql(counts)},))
    answer = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    assert read_counts(counts, answer) == expected
    assert len(expected) == 150


def test_counts_that_do_not_fit_into_a_statement_are_left_out(real_engine: Service) -> None:
    database = real_engine.new()
    database(({"sql": "CREATE TABLE t (a)"},))
    counts = [CountQuery("t", ("a",) * (number % 7)) for number in range(5_000)]
    sql = count_sql(counts)
    assert MAX_STATEMENT_BYTES - 1_000 < len(sql.encode()) <= MAX_STATEMENT_BYTES
    [result] = database(({"sql": sql},))
    assert [row[0] for row in result.rows] == list(range(len(result.rows)))
