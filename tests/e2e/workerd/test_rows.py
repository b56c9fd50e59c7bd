"""The rows of a rehearsal, read from the real D1 engine, which counts each row that a statement reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind, RehearsalOptions, RowsMode
from tests.support.copying import holdings
from tests.support.copying_cases import CASES
from tests.support.local_copies import LEDGER, local_copy
from tests.support.real_database import RealDatabase

if TYPE_CHECKING:
    from tests.support.workerd import Service

NUMBERS = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"

TABLES = {
    "an id": "CREATE TABLE t (id INTEGER PRIMARY KEY, v)",
    "a rowid without a column": "CREATE TABLE t (id TEXT PRIMARY KEY, v)",
    "a key without a rowid": "CREATE TABLE t (id TEXT PRIMARY KEY, v) WITHOUT ROWID",
    "a key with a collation": "CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID",
    "a key with directions": "CREATE TABLE t (id, v, PRIMARY KEY (id DESC, v)) WITHOUT ROWID",
    "full text": "CREATE VIRTUAL TABLE t USING fts5(id, v)",
}


@pytest.mark.parametrize("case", CASES)
def test_a_local_copy_has_the_rows_of_its_source(real_engine: Service, case: str) -> None:
    source = RealDatabase(real_engine.new())
    source.write(CASES[case])
    copy, _ = local_copy(source, RehearsalOptions(RowsMode.LIVE))
    assert holdings(copy) == holdings(source)
    _, basis = local_copy(source, RehearsalOptions(RowsMode.SAMPLE))
    assert basis.kind is BasisKind.SAMPLE


def test_d1_counts_each_row_once(real_engine: Service) -> None:
    source = RealDatabase(real_engine.new())
    source.write(f"""
        CREATE TABLE t (id INTEGER PRIMARY KEY, a, b REFERENCES t); CREATE TABLE u (a TEXT PRIMARY KEY) WITHOUT ROWID;
        INSERT INTO t {NUMBERS.format(9_000)} SELECT i, hex(i), i FROM n;
        INSERT INTO u {NUMBERS.format(9_000)} SELECT 'key ' || i FROM n;
    """)
    _, basis = local_copy(source)
    assert (basis.kind, basis.rows) == (BasisKind.LIVE, 18_000)
    assert basis.rows_read <= 18_000 + 10
    assert source.requests <= 5, "two for the schema, and three for the rows"


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_sample_is_read_through_the_key(real_engine: Service, table: str) -> None:
    source = RealDatabase(real_engine.new())
    source.write(
        f"{table}; INSERT INTO t (id, v) {NUMBERS.format(3_000)} SELECT 'key ' || i, i FROM n".replace(
            "'key ' || i", "i" if "INTEGER" in table else "'key ' || i"
        )
    )
    copy, basis = local_copy(source, RehearsalOptions(RowsMode.SAMPLE))
    assert copy.values("SELECT count(*) FROM t") == [200]
    assert basis.rows_read <= 210


def test_parents_are_read_through_their_unique_index(real_engine: Service) -> None:
    source = RealDatabase(real_engine.new())
    source.write(f"""
        CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, v);
        CREATE UNIQUE INDEX by_name ON p (name);
        CREATE TABLE q (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;
        CREATE TABLE c (id INTEGER PRIMARY KEY, name REFERENCES p (name), a, b, FOREIGN KEY (a, b) REFERENCES q (a, b));
        INSERT INTO p {NUMBERS.format(5_000)} SELECT i, 'name ' || i, i FROM n;
        INSERT INTO q {NUMBERS.format(5_000)} SELECT i, i % 7 FROM n;
        INSERT INTO c {NUMBERS.format(5_000)} SELECT i, 'NAME ' || (2000 + i % 150), 2500 + i % 90, (2500 + i % 90) % 7
          FROM n;
    """)
    copy, basis = local_copy(source, RehearsalOptions(RowsMode.SAMPLE))
    assert copy.read("PRAGMA foreign_key_check") == ()
    assert 700 < basis.rows < 850
    assert basis.rows_read <= basis.rows + 10


def test_large_rows_are_read_through_the_key(real_engine: Service) -> None:
    source = RealDatabase(real_engine.new())
    source.write(f"""
        {ledger.create(LEDGER)}
        CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID;
        INSERT INTO t {NUMBERS.format(1_000)} SELECT 'key ' || i, randomblob(30000) FROM n;
    """)
    copy, basis = local_copy(source)
    assert (basis.kind, basis.rows) == (BasisKind.SAMPLE, 200)
    assert basis.rows_read <= 410
    assert copy.values("SELECT max(octet_length(v)) < 10000 FROM t") == [1]
