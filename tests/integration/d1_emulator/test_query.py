"""SQL over HTTP: D1's results, JSON values and errors."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import cloudflare
import pytest

from d1_emulator.api.sql_endpoints import json_value
from d1_emulator.server import DEFAULT_ACCOUNT_ID

if TYPE_CHECKING:
    import httpx
    from cloudflare import Cloudflare

    from pulumi_d1.sqlite.execute import SQLValue


def _rows(http: httpx.Client, database: str, **body: Any) -> list[Any]:
    """Return the rows of each statement of a request that must succeed."""
    # json.dumps() can write half of a surrogate pair; httpx's encoder cannot.
    answer = http.post(f"/database/{database}/query", content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    return [item["results"] for item in answer.json()["result"]]


def _error(response: httpx.Response) -> tuple[int, int, str]:
    """Return HTTP status, code and text of an answer that must be an error."""
    [error] = response.json()["errors"]
    return response.status_code, error["code"], error["message"]


def test_a_query_answers_each_statement(http: httpx.Client, database: str) -> None:
    sql = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL); SELECT * FROM t;"
    answer = http.post(f"/database/{database}/query", json={"sql": sql}).json()
    results = answer.pop("result")
    assert answer == {"success": True, "errors": [], "messages": []}
    assert [item["success"] for item in results] == [True, True, True]
    assert results[2]["results"] == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    meta = results[1]["meta"]
    assert meta.pop("duration") == meta.pop("timings")["sql_duration_ms"]
    assert meta == {
        "served_by": "d1-emulator",
        "served_by_region": "WEUR",
        "served_by_primary": True,
        "changes": 2,
        "last_row_id": 2,
        "changed_db": True,
        "size_after": 12288,
        "rows_read": 0,
        "rows_written": 2,
    }


def test_raw_keeps_columns_of_the_same_name_apart(http: httpx.Client, database: str) -> None:
    body = {"sql": "SELECT 1 AS a, 2 AS a", "params": []}
    [raw] = http.post(f"/database/{database}/raw", json=body).json()["result"]
    assert raw["results"] == {"columns": ["a", "a"], "rows": [[1, 2]]}
    assert _rows(http, database, **body) == [[{"a": 2}]]


def test_the_sdk_queries_with_parameters(sdk: Cloudflare, database: str) -> None:
    page = sdk.d1.database.query(database, account_id=DEFAULT_ACCOUNT_ID, sql="SELECT ? AS a", params=["x"])
    assert [item.results for item in page.result] == [[{"a": "x"}]]


@pytest.mark.parametrize(
    ("param", "stored", "kind"),
    [
        ("é\ud83d\ude00", "é\U0001f600", "text"),
        ("\ud800", "\ufffd", "text"),
        (7, 7, "real"),
        (0.5, 0.5, "real"),
        (True, 1, "real"),
        (None, None, "null"),
        (2**63, 9223372036854776000, "real"),
    ],
)
def test_parameters_keep_their_json_type(
    http: httpx.Client, database: str, param: object, stored: object, kind: str
) -> None:
    sql = "SELECT ?1 AS value, typeof(?1) AS kind"
    assert _rows(http, database, sql=sql, params=[param]) == [[{"value": stored, "kind": kind}]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\x00\xff", [0, 255]),
        (2**53, 2**53),
        (2**53 + 1, 2**53),
        (-(2**63), -9223372036854776000),
        (1.0, 1),
        (0.1, 0.1),
        (1e21, 1e21),
        (float("inf"), None),
        (None, None),
    ],
)
def test_values_become_javascripts_json(value: SQLValue, text: object) -> None:
    assert repr(json_value(value)) == repr(text)


def test_the_internal_table_of_the_service_is_listed_and_protected(http: httpx.Client, database: str) -> None:
    assert _rows(http, database, sql="SELECT name FROM sqlite_master") == [[{"name": "_cf_KV"}]]
    for sql in ("SELECT * FROM _cf_KV", "DROP TABLE _cf_KV", "DELETE FROM _cf_KV"):
        status, code, text = _error(http.post(f"/database/{database}/query", json={"sql": sql}))
        assert (status, code) == (400, 7500)
        assert text.endswith(": SQLITE_AUTH")


def test_a_sql_error_has_an_empty_list_for_its_result(http: httpx.Client, database: str) -> None:
    answer = http.post(f"/database/{database}/query", json={"sql": "SELECT 1; syntax"})
    assert answer.status_code == 400
    assert answer.json() == {
        "result": [],
        "success": False,
        "errors": [{"code": 7500, "message": 'near "syntax": syntax error at offset 0: SQLITE_ERROR'}],
        "messages": [],
    }


def test_the_sdk_raises_a_sql_error(sdk: Cloudflare, database: str) -> None:
    with pytest.raises(cloudflare.BadRequestError) as caught:
        sdk.d1.database.query(database, account_id=DEFAULT_ACCOUNT_ID, sql="BEGIN")
    [error] = caught.value.errors
    assert error.code == 7500
    assert str(error.message).startswith("To execute a transaction, please use the state.storage.transaction()")


def test_a_request_takes_effect_as_a_whole_or_not_at_all(http: httpx.Client, database: str) -> None:
    _rows(http, database, sql="CREATE TABLE t (a UNIQUE)")
    insert = {"sql": "INSERT INTO t VALUES (?)", "params": [1]}
    batch = [insert, {"sql": "INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)"}]
    text = "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
    answer = http.post(f"/database/{database}/query", json={"batch": [*batch, insert]})
    assert _error(answer) == (400, 7500, text)
    assert _rows(http, database, sql="SELECT * FROM t") == [[]]
    assert len(_rows(http, database, batch=batch)) == 3
    assert _rows(http, database, sql="SELECT count(*) AS n FROM t") == [[{"n": 3}]]


def test_a_trigger_arrives_in_one_piece(http: httpx.Client, database: str) -> None:
    trigger = "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = CASE a WHEN 1 THEN 2 END; END;"
    sql = f"CREATE TABLE t (a);\r\n{trigger}\r\nINSERT INTO t VALUES (1); SELECT a FROM t"
    assert _rows(http, database, sql=sql)[-1] == [{"a": 2}]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "The request is malformed: the body is not JSON"),
        (b"\xff", "The request is malformed: the body is not JSON"),
        (b"[" * 100_000, "The request is malformed: the body is not JSON"),
        (b'{"sql": "SELECT ?", "params": [NaN]}', "The request is malformed: the body is not JSON"),
        (b"[]", "The request is malformed: Expected object, received array"),
        (b"{}", "Invalid property: sql => Required"),
        (b'{"sql": 1}', "Invalid property: sql => Expected string, received number"),
        (b'{"sql": "SELECT ?", "params": "x"}', "Invalid property: params => Expected array, received string"),
        (b'{"sql": "SELECT ?", "params": [{}]}', "Invalid property: params[0] => Expected string, received object"),
        (b'{"sql": "SELECT ?", "params": [1%s]}' % (b"0" * 400), "Invalid property: params[0] => Number out of range"),
        (
            b'{"sql": "SELECT ?; SELECT 1", "params": ["x"]}',
            "The request is malformed: params with multiple statements is not supported",
        ),
        (b'{"sql": "SELECT 1", "batch": []}', "The request is malformed: sql and batch cannot be given together"),
        (b'{"batch": []}', "Invalid property: batch => Array must contain at least 1 element(s)"),
        (b'{"batch": [1]}', "Invalid property: batch[0] => Expected object, received number"),
        (b'{"batch": [{"sql": "SELECT 1"}, {}]}', "Invalid property: batch[1].sql => Required"),
    ],
)
def test_a_malformed_body_gets_the_problem(http: httpx.Client, database: str, body: bytes, text: str) -> None:
    assert _error(http.post(f"/database/{database}/query", content=body)) == (400, 7400, text)


def test_requests_to_one_database_do_not_lose_writes(http: httpx.Client, database: str) -> None:
    _rows(http, database, sql="CREATE TABLE t (n); INSERT INTO t VALUES (0)")

    def add() -> None:
        for _ in range(25):
            _rows(http, database, sql="UPDATE t SET n = n + 1")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _rows(http, database, sql="SELECT n FROM t") == [[{"n": 100}]]
