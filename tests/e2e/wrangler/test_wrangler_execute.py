"""wrangler d1 execute --remote: a command is a query, a file is an import."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.http_account import HttpAccount
    from tests.support.wrangler import Wrangler

pytestmark = pytest.mark.thorough

TRIGGER = """
CREATE TABLE parts (id INTEGER PRIMARY KEY, name TEXT, kind TEXT);
-- a semicolon; and a quote ' in a comment
create trigger classify after insert on parts begin
  update parts set kind = case when new.name like '%;%' then 'odd' else 'even' end where id = new.id;
end;
INSERT INTO parts (name) VALUES ('a;b'), ('c');
"""


def test_a_command_returns_one_result_for_each_statement(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    sql = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'é'), (2, NULL); SELECT * FROM t"
    results = wrangler.json("execute", "DB", "--remote", "--command", sql)
    assert [item["success"] for item in results] == [True, True, True]
    assert results[2]["results"] == [{"a": 1, "b": "é"}, {"a": 2, "b": None}] == cloud.query(shop, "SELECT * FROM t")
    assert results[1]["meta"]["changes"] == 2


def test_a_command_that_sqlite_refuses_is_error_7500_and_leaves_nothing(
    wrangler: Wrangler, shop: str, cloud: HttpAccount, account: str
) -> None:
    sql = "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1)"
    failed = wrangler.json("execute", "shop", "--remote", "--command", sql, code=1)
    assert failed == {
        "error": {
            "text": f"A request to the Cloudflare API (/accounts/{account}/d1/database/{shop}/query) failed.",
            "notes": [{"text": "no such table: nowhere: SQLITE_ERROR [code: 7500]"}],
            "kind": "error",
            "name": "APIError",
            "code": 7500,
            "accountTag": account,
        }
    }
    assert cloud.tables(shop) == []


def test_the_same_error_without_json_names_the_place_and_the_code(wrangler: Wrangler, shop: str) -> None:
    failed = wrangler.d1("execute", "shop", "--remote", "--command", "SELEC 1", code=1)
    assert 'near "SELEC": syntax error at offset 0: SQLITE_ERROR [code: 7500]' in failed.errors
    assert f"/d1/database/{shop}/query" in failed.errors


def test_a_file_is_imported_with_its_triggers_and_the_bookmark_is_the_databases(
    wrangler: Wrangler, shop: str, cloud: HttpAccount
) -> None:
    wrangler.write("parts.sql", TRIGGER)
    run = wrangler.d1("execute", "shop", "--remote", "--file", "parts.sql", "--yes")
    assert "Uploading complete." in run.stdout
    assert "Executed 3 queries in " in run.stdout
    assert f"Database is currently at bookmark {cloud.bookmark(shop)}." in run.stdout
    assert cloud.query(shop, "SELECT name, kind FROM parts ORDER BY id") == [
        {"name": "a;b", "kind": "odd"},
        {"name": "c", "kind": "even"},
    ]


def test_a_file_with_json_gives_the_sums_of_its_statements(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    wrangler.write("rows.sql", "CREATE TABLE t (a);\n" + "INSERT INTO t VALUES (1), (2);\n" * 3)
    [result] = wrangler.json("execute", "shop", "--remote", "--file", "rows.sql")
    assert result["success"] is True
    assert result["finalBookmark"] == cloud.bookmark(shop)
    [sums] = result["results"]
    assert (sums["Total queries executed"], sums["Rows written"], sums["Database size (MB)"]) == (4, 6, "0.01")


def test_the_same_file_is_not_uploaded_twice(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    cloud.query(shop, "CREATE TABLE t (a)")
    wrangler.write("row.sql", "INSERT INTO t VALUES (1);")
    command = ("execute", "shop", "--remote", "--file", "row.sql", "--yes")
    assert "File already uploaded" not in wrangler.d1(*command).stdout
    assert "File already uploaded. Processing." in wrangler.d1(*command).stdout
    assert cloud.query(shop, "SELECT count(*) AS n FROM t") == [{"n": 2}], "it runs again all the same"


def test_a_file_may_be_larger_than_a_statement(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    cloud.query(shop, "CREATE TABLE t (a)")
    wrangler.write("large.sql", f"INSERT INTO t VALUES ('{'x' * 90_000}');\n" * 30)
    [result] = wrangler.json("execute", "shop", "--remote", "--file", "large.sql")
    assert result["meta"]["changes"] == 30
    assert cloud.query(shop, "SELECT sum(length(a)) AS n FROM t") == [{"n": 2_700_000}]


def test_a_file_with_a_wrong_statement_leaves_nothing(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    before = cloud.bookmark(shop)
    wrangler.write("bad.sql", "CREATE TABLE half (a);\nINSERT INTO half VALUES (1);\nINSERT INTO nowhere VALUES (1);\n")
    failed = wrangler.json("execute", "shop", "--remote", "--file", "bad.sql", code=1)
    assert failed["error"]["text"] == "no such table: nowhere: SQLITE_ERROR"
    assert cloud.tables(shop) == []
    assert cloud.bookmark(shop) == before


def test_a_file_with_its_own_transaction_is_refused(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    wrangler.write("transaction.sql", "BEGIN TRANSACTION;\nCREATE TABLE t (a);\nCOMMIT;\n")
    failed = wrangler.d1("execute", "shop", "--remote", "--file", "transaction.sql", "--yes", code=1)
    assert "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements" in failed.errors
    assert cloud.tables(shop) == []


def test_what_wrangler_prints_without_a_terminal_is_json_too(wrangler: Wrangler, shop: str) -> None:
    run = wrangler.d1("execute", "shop", "--remote", "--command", "SELECT 1 AS one")
    assert f"Executing on remote database shop ({shop})" in run.stdout
    [result] = json.loads(run.stdout[run.stdout.index("\n[") :])
    assert result["results"] == [{"one": 1}]
