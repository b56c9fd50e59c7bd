"""Small files share a request, in order; others are sent alone."""

from __future__ import annotations

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.run.batch import MOST_PARTS, batch_requests, split_request, without_names
from pulumi_d1.migrations.run.request import LARGE_BYTES, make_request


def shape(*texts: str) -> list[list[str]]:
    """Return the names in each request for files named 0, 1, 2 and so on."""
    files = [Migration(str(number), text) for number, text in enumerate(texts)]
    requests = [make_request(file, "migrations", "d1_migrations") for file in files]
    return [list(request.names) for request in batch_requests(requests)]


def test_small_files_share_a_request() -> None:
    assert shape("SELECT 1;", "SELECT 2;", "SELECT 3;") == [["0", "1", "2"]]
    assert shape() == []


def test_a_thousand_small_files_are_few_requests() -> None:
    requests = shape(*["SELECT 1;"] * 1000)
    assert len(requests) == 1000 / MOST_PARTS <= 40
    assert [name for request in requests for name in request] == [str(number) for number in range(1000)]


def test_a_file_with_a_pragma_is_sent_alone_as_it_holds_for_the_transaction() -> None:
    assert shape("SELECT 1;", "pragma defer_foreign_keys = on;", "SELECT 2;", "SELECT 3;") == [["0"], ["1"], ["2", "3"]]
    assert shape("-- PRAGMA x\nSELECT 1;", "SELECT 'PRAGMA';", "SELECT 1 AS pragma_;") == [["0", "1", "2"]]


def test_an_import_is_sent_alone() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON u BEGIN SELECT 1; END;"
    assert shape("SELECT 1;", trigger, trigger, "SELECT 2;") == [["0"], ["1"], ["2"], ["3"]]


def test_the_size_of_a_request_is_limited() -> None:
    third = f"INSERT INTO t VALUES ('{'x' * (LARGE_BYTES // 3)}');"
    assert shape("SELECT 1;", third, third, third, "SELECT 2;") == [["0", "1", "2"], ["3", "4"]]


def test_bulk_data_is_an_import_unless_it_contains_a_pragma() -> None:
    bulk = "INSERT INTO t VALUES (1);\n" * (LARGE_BYTES // 20)
    assert make_request(Migration("1.sql", bulk), "migrations", "d1_migrations").as_import
    assert not make_request(
        Migration("1.sql", f"PRAGMA foreign_keys=OFF;{bulk}"), "migrations", "d1_migrations"
    ).as_import


def test_a_request_can_be_split_and_applied_files_removed() -> None:
    files = [Migration(name, "SELECT 1;") for name in "abc"]
    (together,) = batch_requests(make_request(file, "migrations", "d1_migrations") for file in files)
    assert [request.names for request in split_request(together)] == [("a",), ("b",), ("c",)]
    assert "".join(request.sql for request in split_request(together)) == together.sql
    assert [request.names for request in without_names([together], {"b"})] == [("a", "c")]
    assert without_names([together], {"a", "b", "c"}) == ()
