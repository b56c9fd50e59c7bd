"""The rehearsal runs pending files on the live schema, and drift is what no applied file explains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import apsw
import pytest

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import NEW, LiveDatabase
from pulumi_d1.migrations.rehearsal.rehearse import Refusal, rehearse
from pulumi_d1.migrations.rehearsal.rows.options import Basis, BasisKind
from pulumi_d1.migrations.review.review import drift
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import difference
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database

if TYPE_CHECKING:
    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal

TABLE = "d1_migrations"


def live(script: str, *applied: str) -> LiveDatabase:
    """Return a database with a ledger and the objects that `script` creates."""
    connection = open_database(":memory:")
    run_script(connection, f"{ledger.create(TABLE)}\n{script}")
    keys = ("type", "name", "tbl_name", "sql")
    return LiveDatabase(
        applied, schema.objects_from(dict(zip(keys, row, strict=True)) for row in connection.execute(schema.SELECT))
    )


def run(*scripts: str, on: LiveDatabase = NEW) -> Rehearsal:
    files = [Migration(f"{number:04}.sql", script) for number, script in enumerate(scripts, start=1)]
    kind = BasisKind.MADE if on.objects else BasisKind.NEW
    return rehearse(on.objects, files, TABLE, Basis(kind))


def changes(rehearsal: Rehearsal) -> list[tuple[str, str]]:
    return [(change.kind.value, change.name) for change in difference(rehearsal.before, rehearsal.after)]


def test_files_run_one_after_the_other_on_the_live_schema() -> None:
    rehearsal = run("ALTER TABLE t ADD COLUMN b", "CREATE INDEX i ON t (b)", on=live("CREATE TABLE t (a);"))
    assert rehearsal.refusal is None
    assert changes(rehearsal) == [("added", "t.b"), ("added", "i")]
    assert [len(file.steps) for file in rehearsal.files] == [1, 1]


def test_the_ledger_exists_but_is_no_part_of_the_schema() -> None:
    rehearsal = run(f"SELECT name FROM {TABLE}", "CREATE TABLE t (a)")
    assert rehearsal.refusal is None
    assert changes(rehearsal) == [("added", "t")]


@pytest.mark.parametrize(
    ("script", "line", "column", "message"),
    [
        ("CREATE TABEL t (a)", 1, 8, 'near "TABEL": syntax error'),
        ("-- a comment\n\n  CREATE TABLE ok (a);\n  SELECT nope FROM ok;", 4, 10, "no such column: nope"),
        ("CREATE TABLE ok (a);\r\nSELECT 'ä', nope FROM ok;\r\n", 2, 13, "no such column: nope"),
        ("CREATE TABLE ok (a); DROP TABLE other", 1, 22, "no such table: other"),
        ("\ufeffCREATE TABEL t (a)", 1, 9, 'near "TABEL": syntax error'),
    ],
)
def test_a_refusal_has_its_place_in_the_file(script: str, line: int, column: int, message: str) -> None:
    refusal = run(script).refusal
    assert refusal is not None
    assert (refusal.line, refusal.column) == (line, column)
    assert message in refusal.message


def test_a_refused_file_leaves_nothing_and_ends_the_rehearsal() -> None:
    rehearsal = run("CREATE TABLE a (x)", "CREATE TABLE b (x); oops", "CREATE TABLE c (x)")
    assert rehearsal.refusal is not None
    assert rehearsal.refusal.name == "0002.sql"
    assert changes(rehearsal) == [("added", "a")]
    assert [file.migration.name for file in rehearsal.files] == ["0001.sql", "0002.sql"]


def test_rows_of_a_new_database_are_known_and_its_constraints_hold() -> None:
    rehearsal = run("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)", "INSERT INTO t\nVALUES (1)")
    assert rehearsal.refusal is not None
    assert (rehearsal.refusal.name, rehearsal.refusal.line, rehearsal.undecided) == ("0002.sql", 1, ())


def test_a_refused_commit_is_at_the_end_of_the_file() -> None:
    deferred = "CREATE TABLE p (a PRIMARY KEY);\nCREATE TABLE c (a REFERENCES p DEFERRABLE INITIALLY DEFERRED);\n"
    rehearsal = run(f"{deferred}INSERT INTO c VALUES (1);\n\n")
    assert rehearsal.refusal == Refusal(
        "0001.sql",
        3,
        26,
        "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY); rows of c that "
        "reference no row of p: 1",
        None,
    )


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO c SELECT a + 1, a + 1 FROM p;", "; rows of c that reference no row of p: 1"),
        ("UPDATE c SET p = 9;", "; rows of c that reference no row of p: 2"),
        ("DELETE FROM p WHERE a = 1; INSERT INTO c VALUES (7, 8);", "; rows of c that reference no row of p: 1"),
        ("DELETE FROM p WHERE a = 2;", ""),
    ],
)
def test_a_refused_foreign_key_comes_with_the_rows_that_break_it(sql: str, expected: str) -> None:
    tables = "CREATE TABLE p (a INTEGER PRIMARY KEY); CREATE TABLE c (id, p REFERENCES p ON DELETE CASCADE);"
    held = "CREATE TABLE r (a REFERENCES p ON DELETE RESTRICT); INSERT INTO r VALUES (2);"
    rows = "INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1), (2, 2);"
    rehearsal = run(tables + rows + held, sql)
    assert rehearsal.refusal is not None
    assert rehearsal.refusal.message.partition("FOREIGNKEY)")[2] == expected


def test_a_refused_foreign_key_stays_one_if_the_time_ends_while_its_rows_are_counted() -> None:
    tables = "CREATE TABLE p (a INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p);"
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
    calls, limit = 0, math.inf

    def is_over() -> bool:
        nonlocal calls
        calls += 1
        return calls > limit

    def hook(connection: apsw.Connection) -> None:
        connection.set_progress_handler(is_over, 1_000)

    apsw.connection_hooks.append(hook)
    try:
        messages = []
        for _ in range(2):
            rehearsal = run(tables, f"{numbers} INSERT INTO c SELECT i FROM n;")
            assert rehearsal.refusal is not None
            messages.append(rehearsal.refusal.message.partition("FOREIGNKEY)")[2])
            calls, limit = 0, calls * 0.6  # the statement runs twice, and then its rows are counted
    finally:
        apsw.connection_hooks.remove(hook)
    assert messages == ["; rows of c that reference no row of p: 10,000", ""]


def test_a_constraint_on_a_live_database_is_undecided_without_its_rows() -> None:
    on = live("CREATE TABLE p (a PRIMARY KEY); CREATE TABLE c (a REFERENCES p);")
    rehearsal = run("INSERT INTO c VALUES (1);\nCREATE TABLE n (a)", on=on)
    assert rehearsal.refusal is None
    assert [(item.line, item.column) for item in rehearsal.undecided] == [(1, 1)]
    assert changes(rehearsal) == [("added", "n")]


FILES = [
    Migration("1.sql", "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);\nALTER TABLE gone ADD COLUMN b;"),
    Migration("2.sql", "CREATE INDEX i ON t (a);"),
]


def drifted(script: str, *applied: str) -> list[tuple[str, str]]:
    return [(change.kind.value, change.name) for change in drift(FILES, live(script, *applied), TABLE)]


def test_a_database_that_the_applied_files_explain_has_no_drift() -> None:
    assert drifted("CREATE TABLE t (a); CREATE INDEX i ON t (a);", "1.sql", "2.sql") == []
    assert drifted("CREATE TABLE t (a);", "1.sql") == []
    assert drifted("") == []


def test_objects_that_no_applied_file_creates_are_drift_and_so_are_missing_ones() -> None:
    assert drifted("CREATE TABLE t (a, b); CREATE TABLE debug (x);", "1.sql", "2.sql") == [
        ("added", "t.b"),
        ("added", "debug"),
        ("removed", "i"),
    ]
