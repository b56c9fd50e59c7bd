"""The rows of a database in a local copy: all of them exactly, or a sample that is closed under foreign keys."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ApiError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind, RehearsalOptions, RowsMode
from pulumi_d1.tables import reader
from tests.support.copying import holdings
from tests.support.copying_cases import CASES
from tests.support.disturbed import disturbed
from tests.support.faults import arrange, arranged
from tests.support.local_copies import LEDGER, local_copy, local_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.copying import Cloud

LIVE = RehearsalOptions(RowsMode.LIVE)
SAMPLE = RehearsalOptions(RowsMode.SAMPLE)

ORPHANS = "PRAGMA foreign_key_check"


def numbers(rows: int) -> str:
    return f"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"


def filled(rows: int, *tables: str) -> str:
    """Return a script for tables with an id and a value."""
    return "".join(
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, v); "
        f"INSERT INTO {name} {numbers(rows)} SELECT i, 'value ' || i FROM n;"
        for name in tables
    )


def new(cloud: Cloud, *scripts: str) -> D1Api:
    """Return a new database with an empty ledger: its schema takes one request."""
    return cloud.new(ledger.create(LEDGER), *scripts)


@dataclass
class Requests:
    """Requests of a block."""

    number: int = 0


@contextmanager
def counted(database: D1Api) -> Iterator[Requests]:
    """Count the requests of the block in the emulator's log, without the one for the schema."""
    requests = Requests()
    every = {"fault": "latency", "ms": 0, "endpoint": "query", "times": None}
    arrange(database.client, faults=[every])
    yield requests
    requests.number = arranged(database.client)[0]["seen"] - 1
    arrange(database.client)


@pytest.mark.parametrize("script", CASES.values(), ids=CASES)
def test_a_local_copy_has_the_rows_of_its_source(cloud: Cloud, script: str) -> None:
    source = cloud.new(script)
    source.write(ledger.create(LEDGER))
    for options in (LIVE, RehearsalOptions()):
        copy, basis = local_copy(source, options)
        assert holdings(copy) == holdings(source)
        assert basis.kind is BasisKind.LIVE


LARGE = {
    "blobs": 4,
    "large values, and many in one row": 3,
    "a hundred columns": 1,
    "a hundred columns and a rowid": 5,
}
"""Rows in samples of databases with large values. A row is left out if its table refuses the cut values."""


@pytest.mark.parametrize("case", sorted(CASES.keys() - LARGE.keys()))
def test_a_sample_of_small_tables_has_all_rows(cloud: Cloud, case: str) -> None:
    source = cloud.new(CASES[case])
    source.write(ledger.create(LEDGER))
    copy, basis = local_copy(source, SAMPLE)
    assert basis.kind is BasisKind.SAMPLE
    expected = holdings(source)
    if basis.unread:  # an R*Tree is not sorted by its ids
        assert basis.unread == ("r",)
        expected["r"] = []
    assert holdings(copy) == expected


@pytest.mark.parametrize("case", LARGE)
def test_a_sample_of_large_values_is_small(cloud: Cloud, case: str) -> None:
    copy, _ = local_copy(cloud.new(CASES[case]), SAMPLE)
    assert copy.values("SELECT count(*) FROM t") == [LARGE[case]]
    assert copy.values("PRAGMA page_count")[0] * copy.values("PRAGMA page_size")[0] < 200_000


@pytest.mark.parametrize("mode", [RowsMode.LIVE, RowsMode.SAMPLE])
def test_no_name_of_a_table_confuses_the_splitter_of_the_service(cloud: Cloud, mode: RowsMode) -> None:
    source = cloud.new(CASES["names"], filled(3, '"BEGIN; -- \'"', "[END;]", "`a 'b`", '"CREATE TRIGGER BEGIN "'))
    arrange(source.client, strict_splitter=True)
    copy, basis = local_copy(source, RehearsalOptions(mode))
    arrange(source.client)
    assert (basis.rows, basis.tables) == (13, 5)
    assert holdings(copy) == holdings(source)


def test_the_rows_of_the_ledger_are_not_read(cloud: Cloud) -> None:
    source = cloud.new(filled(3, "t"), ledger.create(LEDGER), f"INSERT INTO {LEDGER} (name) VALUES ('0001_a.sql')")
    copy, basis = local_copy(source)
    assert (basis.rows, basis.tables) == (3, 1)
    assert copy.values(f"SELECT count(*) FROM {LEDGER}") == [0]
    assert copy.values("SELECT name FROM sqlite_sequence") == []


def test_an_empty_database_takes_one_request(cloud: Cloud) -> None:
    source = cloud.new(ledger.create(LEDGER))
    with counted(source) as requests:
        _, basis = local_copy(source)
    assert (basis.kind, basis.rows, basis.tables) == (BasisKind.LIVE, 0, 0)
    assert requests.number == 1


def test_a_table_that_hides_its_key_stays_empty_and_is_named(cloud: Cloud) -> None:
    source = cloud.new(filled(3, "t"), "CREATE TABLE hidden (rowid, _rowid_, oid); INSERT INTO hidden VALUES (1, 2, 3)")
    source.write("CREATE VIRTUAL TABLE search USING fts5(body, content = '')")
    copy, basis = local_copy(source)
    assert basis.line.endswith("; no rows in: hidden, search, because their rows cannot be read")
    assert copy.values("SELECT count(*) FROM hidden") == [0]


def test_an_index_over_a_table_that_is_gone_stays_empty(cloud: Cloud) -> None:
    source = cloud.new("""
        CREATE TABLE posts (body); CREATE VIRTUAL TABLE search USING fts5(body, content = 'posts');
        CREATE TABLE notes (text); CREATE VIRTUAL TABLE other USING fts5(body, content = 'notes');
        INSERT INTO notes VALUES ('a'); DROP TABLE posts;
    """)
    copy, basis = local_copy(source)
    assert basis.unread == ("search", "other")
    assert copy.values("SELECT count(*) FROM notes") == [1]


def test_many_tables_are_read_in_few_requests(cloud: Cloud) -> None:
    source = new(cloud, filled(20, *(f"t{number}" for number in range(100))))
    with counted(source) as requests:
        _, basis = local_copy(source)
    assert (basis.rows, basis.tables) == (2_000, 100)
    assert requests.number == 2


def test_each_row_is_read_once(cloud: Cloud) -> None:
    source = new(cloud, filled(20_000, "a", "b"))
    with counted(source) as requests:
        _, basis = local_copy(source)
    assert basis.rows == 40_000
    assert basis.rows_read <= 40_010
    assert requests.number == 2


@pytest.mark.parametrize("key", ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY"])
def test_ids_may_be_sparse(cloud: Cloud, key: str) -> None:
    source = cloud.new(
        f"CREATE TABLE t (id {key}, v);"
        f"INSERT INTO t {numbers(3_000)} SELECT 1234567890123456789 + i * 4194304 + i % 7, i FROM n;"
    )
    copy, basis = local_copy(source)
    assert (basis.kind, basis.rows) == (BasisKind.LIVE, 3_000)
    assert holdings(copy) == holdings(source)


def test_a_database_larger_than_the_limit_is_sampled(cloud: Cloud) -> None:
    source = new(cloud, "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB);")
    source.write(f"INSERT INTO t {numbers(1_200)} SELECT i, randomblob(1000) FROM n")
    with counted(source) as requests:
        copy, basis = local_copy(source, RehearsalOptions(limit_mb=1))
    assert (basis.kind, basis.rows) == (BasisKind.SAMPLE, 200)
    assert copy.values("SELECT id FROM t ORDER BY id") == [*range(1, 101), *range(1_101, 1_201)]
    assert (requests.number, basis.rows_read) == (2, 201)


def test_a_table_with_too_many_rows_is_sampled_before_they_are_read(cloud: Cloud) -> None:
    source = new(cloud, filled(7_000, "t"))
    with counted(source) as requests:
        _, basis = local_copy(source, RehearsalOptions(limit_mb=1))
    assert basis.line == "rehearsed on a sample of 200 rows from 1 table (204 rows read)"
    assert requests.number == 3


@pytest.mark.parametrize("key", ["id INTEGER PRIMARY KEY, v", "id, v, PRIMARY KEY (id)"])
def test_a_read_stops_at_the_limit_and_a_sample_takes_its_place(cloud: Cloud, key: str) -> None:
    source = cloud.new(f"CREATE TABLE t ({key}){'' if 'INTEGER' in key else ' WITHOUT ROWID'}")
    source.write(f"INSERT INTO t {numbers(8_000)} SELECT i * 1000003, i FROM n")
    copy, basis = local_copy(source, RehearsalOptions(limit_mb=1))
    assert (basis.kind, basis.rows) == (BasisKind.SAMPLE, 200)
    assert copy.values("SELECT count(*) FROM t") == [200]
    assert basis.rows_read < 5_000 + 250


def test_live_reads_everything_whatever_the_limit(cloud: Cloud) -> None:
    source = cloud.new(filled(7_000, "t"))
    copy, basis = local_copy(source, RehearsalOptions(RowsMode.LIVE, limit_mb=1))
    assert (basis.kind, basis.rows) == (BasisKind.LIVE, 7_000)
    assert holdings(copy) == holdings(source)


def test_a_large_database_is_read_in_pages_that_fit_an_answer(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "REQUEST_BYTES", 300_000)
    source = cloud.new("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB); CREATE TABLE u (a TEXT PRIMARY KEY, b)")
    source.write(f"INSERT INTO t {numbers(3_000)} SELECT i, zeroblob(i % 50 * 10 + (i % 500 = 0) * 150000) FROM n")
    source.write(f"INSERT INTO u {numbers(3_000)} SELECT 'key ' || i, i FROM n")
    copy, basis = local_copy(source, LIVE)
    assert basis.rows == 6_000
    assert holdings(copy) == holdings(source)


def test_a_sample_is_closed_under_foreign_keys(cloud: Cloud) -> None:
    source = cloud.new(f"""
        CREATE TABLE countries (code TEXT COLLATE NOCASE UNIQUE, continent);
        CREATE TABLE places (a, b TEXT, country REFERENCES countries (code), PRIMARY KEY (a, b)) WITHOUT ROWID;
        CREATE TABLE people (id INTEGER PRIMARY KEY, boss REFERENCES people, x, y, FOREIGN KEY (y, x)
          REFERENCES places (b, a));
        INSERT INTO countries {numbers(900)} SELECT 'land' || i, i FROM n;
        INSERT INTO places {numbers(900)} SELECT i, 'b' || i, 'LAND' || (450 + i % 7) FROM n;
        INSERT INTO people {numbers(900)} SELECT i, CASE WHEN i > 1 THEN i / 2 END, 400 + i % 11, 'b' || (400 + i % 11)
          FROM n;
    """)
    copy, basis = local_copy(source, SAMPLE)
    assert basis.kind is BasisKind.SAMPLE
    assert basis.rows < 900
    assert copy.read(ORPHANS) == ()
    assert copy.values("SELECT count(*) FROM people WHERE boss IS NULL") == [1]
    assert copy.values("SELECT count(*) FROM places WHERE a BETWEEN 400 AND 410") == [11]
    assert copy.values("SELECT count(*) FROM countries WHERE code LIKE 'land45_'") == [7]


def test_a_sample_is_closed_under_foreign_keys_in_circles(cloud: Cloud) -> None:
    source = cloud.new(f"""
        PRAGMA defer_foreign_keys = ON;
        CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
        INSERT INTO a {numbers(2_000)} SELECT i, (i * 7) % 2000 + 1 FROM n;
        INSERT INTO b {numbers(2_000)} SELECT i, 1000 + i % 10 FROM n;
    """)
    copy, basis = local_copy(source, SAMPLE)
    assert copy.read(ORPHANS) == ()
    assert 400 < basis.rows < 1_000


def test_a_chain_of_references_ends_after_a_number_of_requests(cloud: Cloud) -> None:
    source = new(
        cloud,
        f"""
        CREATE TABLE versions (id INTEGER PRIMARY KEY, previous REFERENCES versions);
        CREATE TABLE strict (id INTEGER PRIMARY KEY, previous NOT NULL REFERENCES strict);
        INSERT INTO versions {numbers(2_000)} SELECT i, nullif(i - 1, 0) FROM n;
        INSERT INTO strict {numbers(2_000)} SELECT i, max(i - 1, 1) FROM n;
    """,
    )
    with counted(source) as requests:
        copy, basis = local_copy(source, SAMPLE)
    assert copy.read(ORPHANS) == ()
    assert copy.values("SELECT count(*) FROM versions WHERE previous IS NULL") == [2]
    assert copy.values("SELECT count(*), max(id) FROM versions WHERE id > 1900") == [100]
    assert copy.values("SELECT count(*) FROM strict") == [100]
    assert requests.number == 14
    assert basis.rows < 400


def test_an_orphan_of_the_source_stays_one() -> None:
    source = local_database()
    source.connection.execute(f"""
        {ledger.create(LEDGER)}
        CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p NOT NULL REFERENCES p, nowhere REFERENCES gone);
        INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, NULL), (7, 8);
    """)
    copy, _ = local_copy(source, SAMPLE)
    assert copy.read("SELECT * FROM c") == ({"p": 1, "nowhere": None}, {"p": 7, "nowhere": 8})


def test_long_values_of_a_sample_are_cut(cloud: Cloud) -> None:
    source = cloud.new("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT, data TEXT CHECK (json_valid(data)), file BLOB, bin BLOB,
          kept TEXT UNIQUE);
        CREATE INDEX by_data ON t (json_extract(data, '$.a'));
        CREATE TABLE child (kept REFERENCES t (kept));
    """)
    source.write("""
        INSERT INTO t VALUES (1, printf('%.100000c', 'é'), json_object('a', printf('%.300000c', 'x')),
          randomblob(500000), jsonb_array(printf('%.90000c', 'y')), printf('%.30000c', 'k'));
        INSERT INTO t VALUES (2, 'short', '{}', X'00', NULL, 'short'); INSERT INTO child SELECT kept FROM t;
    """)
    copy, basis = local_copy(source, SAMPLE)
    assert basis.rows == 4
    [kinds] = copy.read("SELECT typeof(body), typeof(data), typeof(file), typeof(bin) FROM t WHERE id = 1")
    assert list(kinds.values()) == ["text", "text", "blob", "blob"]
    for column in ("body", "data", "file", "bin"):
        [size] = copy.values(f"SELECT octet_length({column}) FROM t WHERE id = 1")
        assert 500 < size < 5_000
    assert copy.values("SELECT kept FROM t WHERE id = 1") == ["k" * 30_000]
    assert copy.values("SELECT json_valid(bin, 8) AND json_type(data) = 'text' FROM t WHERE id = 1") == [1]
    assert copy.read(ORPHANS) == ()
    assert copy.read("SELECT * FROM t WHERE id = 2") == source.read("SELECT * FROM t WHERE id = 2")


def test_the_last_ids_come_with_a_sample(cloud: Cloud) -> None:
    source = cloud.new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v)",
        "CREATE TABLE u (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        f"INSERT INTO t (v) {numbers(900)} SELECT i FROM n; DELETE FROM t WHERE id > 800",
    )
    copy, _ = local_copy(source, SAMPLE)
    assert copy.read("SELECT * FROM sqlite_sequence") == ({"name": "t", "seq": 900},)


def test_a_table_that_disappears_meanwhile_is_an_error(cloud: Cloud) -> None:
    source = cloud.new(filled(3, "t"))
    with pytest.raises(ApiError, match="no such table: t"):
        local_copy(disturbed(source, ["DROP TABLE t"]))
