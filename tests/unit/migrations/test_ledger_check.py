"""Tables that are no ledgers, and rows that name no file, are named without a value of theirs."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.ledger_check import row_fault, table_fault
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database

DRIZZLE = "CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)"
PRISMA = """
    CREATE TABLE _prisma_migrations (
        id TEXT PRIMARY KEY NOT NULL, checksum TEXT NOT NULL, finished_at DATETIME, migration_name TEXT NOT NULL,
        logs TEXT, rolled_back_at DATETIME, started_at DATETIME NOT NULL DEFAULT current_timestamp,
        applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0
    )
"""
TYPEORM = """
    CREATE TABLE migrations (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, timestamp bigint NOT NULL, name varchar)
"""


def fault(script: str, table: str) -> str:
    """Return the fault of a table in the database that a script creates."""
    run_script(connection := open_database(":memory:"), script)
    columns = ("type", "name", "tbl_name", "sql")
    rows = (dict(zip(columns, row, strict=True)) for row in connection.execute(schema.SELECT))
    return table_fault(schema.objects_from(rows), table)


@pytest.mark.parametrize(
    ("script", "table", "reason"),
    [
        (DRIZZLE, "__drizzle_migrations", "it has no column name"),
        (DRIZZLE, "__DRIZZLE_migrations", "it has no column name"),
        (PRISMA, "_prisma_migrations", "it has no column name"),
        ("CREATE TABLE t (a)", "t", "it has no column id and no column name"),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY, name AS ('x'))", "t", "it has no column name"),
        (TYPEORM, "migrations", "a row cannot have a name alone (NOT NULL constraint failed: migrations.timestamp"),
        ("CREATE VIEW v AS SELECT 1 AS id, 'a' AS name, 2 AS applied_at", "V", "it is a view"),
        ("CREATE VIRTUAL TABLE v USING fts5(id, name, applied_at)", "v", "it is a virtual table"),
        ("CREATE TABLE t (a); CREATE INDEX i ON t (a)", "i", "it is an index"),
    ],
)
def test_case_31_a_table_that_is_no_ledger_is_refused_with_the_reason(script: str, table: str, reason: str) -> None:
    message = fault(script, table)
    assert message.startswith(f"migrationsTable is '{table}', but that is no ledger: {reason}")
    assert "A ledger is a table with the columns id, name and applied_at" in message
    assert message.endswith(
        "Set migrationsTable to a name that is free, such as d1_migrations, and then mark the files that the database "
        "already has: 'd1 baseline'"
    )


@pytest.mark.parametrize(
    ("columns", "cure"),
    [
        ("id TEXT PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL", "Alchemy creates such a table."),
        ("id TEXT PRIMARY KEY, applied_at TEXT NOT NULL", "SELECT id FROM"),
        ("id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric", "Drizzle creates such a table."),
        ("version TEXT", 'ALTER TABLE "d1_migrations" RENAME TO "d1_migrations_old";'),
    ],
)
def test_the_statement_that_cures_a_table_with_the_name_of_the_ledger_is_in_the_message(
    columns: str, cure: str
) -> None:
    assert cure in fault(f"CREATE TABLE d1_migrations ({columns})", "d1_migrations")


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE another (a)",
        ledger.create("log"),
        f"{ledger.create('other')} ALTER TABLE other RENAME TO log;",
        "CREATE TABLE LOG (ID INTEGER PRIMARY KEY, NAME TEXT)",
        "CREATE TABLE log (id INTEGER PRIMARY KEY, name TEXT CHECK (name GLOB '2*'), by TEXT NOT NULL DEFAULT '')",
        f"{ledger.create('log')} CREATE TRIGGER log AFTER INSERT ON log BEGIN SELECT 1; END",
    ],
)
def test_a_table_that_wrangler_can_use_is_a_ledger(script: str) -> None:
    assert fault(script, "log") == ""


def test_names_fold_as_sqlite_folds_them() -> None:
    assert fault('CREATE VIEW "Ä" AS SELECT 1 AS id', "ä") == ""


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(3, None)], "the row with id 3 has NULL as its name. "),
        ([(3, [83, 69])], "the row with id 3 has a blob as its name. "),
        ([(3, b"SECRET")], "the row with id 3 has a blob as its name. "),
        ([(3, 424242)], "the row with id 3 has a number as its name. "),
        ([(3, 4242.42)], "the row with id 3 has a number as its name. "),
        ([(3, "")], "the row with id 3 has an empty text as its name. "),
        ([(2, "SECRET"), (3, "SECRET")], "the row with id 3 has the same name as the row with id 2. "),
        ([("x'\n", None)], 'the row with id "x\'\\n" has NULL as its name. '),
        (
            [(None, None), ([1], None)],
            "a row with NULL as its id has NULL as its name; a row with a blob as its id has ",
        ),
        ([(id_, None) for id_ in range(3, 1003)], "the row with id 7 has NULL as its name; and 995 more. "),
    ],
)
def test_case_32_a_row_that_names_no_file_is_named_by_its_id(rows: list[tuple[Any, Any]], expected: str) -> None:
    message = row_fault([(1, "0001_a.sql"), *rows], "log")
    assert message.startswith("the ledger log is damaged: ")
    assert expected in message
    assert "Set the name to that of the file that the row records. If it records none, delete it" in message
    assert 'DELETE FROM "log" WHERE id = 3' in message or not any(row[0] == 3 for row in rows)
    assert "SECRET" not in message
    assert "4242" not in message


def test_names_that_differ_in_case_are_names_of_two_files() -> None:
    assert row_fault([(1, "1_a.sql"), (2, "1_A.sql")], "log") == ""


class Answers:
    """A database with the given answers, in order."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self._answers = iter(answers)

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        del sql
        return tuple(next(self._answers))


def test_a_lost_run_is_decided_by_the_rows_that_name_a_file() -> None:
    rows: list[dict[str, Any]] = [
        {"id": 1, "name": None},
        {"id": 2, "name": "1_a.sql"},
        {"id": 3, "NAME": "2_b.sql"},
        {"id": 4, "x": 1},
    ]
    assert live.read_ledger(Answers(rows), "log") == ("1_a.sql", "2_b.sql")
