"""Imports over HTTP: init, upload, ingest, poll; one transaction, one import at a time."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from d1_emulator.databases.limits import Limits
from d1_emulator.server import DEFAULT_TOKEN, serving
from d1_emulator.transfers.links import Links
from tests.support.emulator_process import import_sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRANSACTION = "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements"
ORPHAN = """
    PRAGMA defer_foreign_keys = 1;
    CREATE TABLE half (a UNIQUE, b REFERENCES half(a));
    INSERT INTO half VALUES (1, 2);
"""


ENDLESS = b"CREATE TABLE t (a); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT count(*) FROM c;"


@pytest.fixture
def links(tmp_path: Path) -> tuple[Links, list[float]]:
    """Links, and their clock, in seconds."""
    clock = [0.0]
    return Links(tmp_path, lambda: clock[0]), clock


@contextmanager
def emulator(state: Path, limits: Limits | None = None) -> Iterator[httpx.Client]:
    """Serve a state folder, and yield a client whose paths are relative to an account's D1."""
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    with (
        serving(state, limits=limits) as address,
        httpx.Client(base_url=f"{address.base_url}/accounts/a/d1", headers=headers) as http,
    ):
        yield http


def act(http: httpx.Client, database: str, action: str, **rest: str) -> httpx.Response:
    return http.post(f"/database/{database}/import", json={"action": action, **rest})


def result(response: httpx.Response) -> Any:
    """Return the result of an answer that must be a success."""
    document = response.json()
    assert document["success"], document
    return document["result"]


def upload(http: httpx.Client, database: str, content: bytes) -> tuple[str, str]:
    """Upload a file, and return its name and MD5."""
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    started = result(act(http, database, "init", etag=etag))
    answer = httpx.put(started["upload_url"], content=content)
    assert (answer.status_code, answer.headers["etag"]) == (200, f'"{etag}"')
    return started["filename"], etag


def rows(http: httpx.Client, database: str, sql: str) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = result(http.post(f"/database/{database}/query", json={"sql": sql}))[0]["results"]
    return objects


def current(http: httpx.Client, database: str) -> str:
    return str(result(http.get(f"/database/{database}/time_travel/bookmark"))["bookmark"])


def test_a_file_is_run_and_its_end_is_reported_once(http: httpx.Client, database: str) -> None:
    before = current(http, database)
    state = import_sql(
        http, f"/database/{database}", "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2); UPDATE t SET a = 3;"
    )
    meta = state["result"].pop("meta")
    assert state == {
        "type": "import",
        "success": True,
        "status": "complete",
        "at_bookmark": before,
        "messages": [],
        "result": {"num_queries": 3, "final_bookmark": current(http, database)},
    }
    assert (meta["changes"], meta["rows_written"], meta["changed_db"], meta["last_row_id"]) == (4, 4, True, 2)
    assert meta["size_after"] == 12288
    assert rows(http, database, "SELECT a FROM t") == [{"a": 3}, {"a": 3}]
    again = act(http, database, "poll", current_bookmark=before)
    assert again.status_code == 200
    assert result(again) == {
        "type": "import",
        "success": False,
        "status": "error",
        "error": "Not currently importing anything.",
        "messages": [],
    }


def test_an_uploaded_file_is_run_at_once(http: httpx.Client, database: str) -> None:
    _, etag = upload(http, database, b"CREATE TABLE IF NOT EXISTS t (a); INSERT INTO t VALUES (1);")
    for count in (1, 2):
        assert result(act(http, database, "init", etag=etag))["status"] == "complete"
        assert rows(http, database, "SELECT count(*) AS n FROM t") == [{"n": count}]


def test_a_file_of_one_database_cannot_be_used_by_another(http: httpx.Client, database: str) -> None:
    other = result(http.post("/database", json={"name": f"other-{database}"}))["uuid"]
    filename, etag = upload(http, database, b"CREATE TABLE t (a);")
    assert "upload_url" in result(act(http, other, "init", etag=etag))
    assert act(http, other, "ingest", filename=filename, etag=etag).status_code == 400


def test_an_upload_of_other_content_than_announced_cannot_be_ingested(http: httpx.Client, database: str) -> None:
    etag = hashlib.md5(b"CREATE TABLE t (a);", usedforsecurity=False).hexdigest()
    started = result(act(http, database, "init", etag=etag))
    answer = httpx.put(started["upload_url"], content=b"CREATE TABLE other (a);")
    assert answer.headers["etag"] != f'"{etag}"', "this is how wrangler notices"
    refused = act(http, database, "ingest", filename=started["filename"], etag=etag)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, 7400)
    assert "upload_url" in result(act(http, database, "init", etag=etag)), "and the next init asks for it again"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);", "no such table: nowhere: SQLITE_ERROR"),
        ("CREATE TABLE half (a); SELEC 1;", 'near "SELEC": syntax error at offset 0: SQLITE_ERROR'),
        ("CREATE TABLE half (a); COMMIT;", TRANSACTION),
        ("BEGIN; CREATE TABLE half (a);", TRANSACTION),
        ("CREATE TABLE half (a); ROLLBACK;", TRANSACTION),
        ("CREATE TABLE half (a); SAVEPOINT s;", TRANSACTION),
        ("CREATE TABLE half (a); DROP TABLE _cf_KV;", "SQLITE_AUTH"),
        ("CREATE TABLE half (a); CREATE TRIGGER t AFTER INSERT ON half BEGIN SELECT 1; ", "incomplete input"),
        (f"CREATE TABLE half (a); SELECT '{'x' * 100_000}';", "statement too long: SQLITE_TOOBIG"),
        (ORPHAN, "FOREIGN KEY constraint failed"),
        ("-- nothing", "SQL code did not contain a statement."),
    ],
)
def test_a_refused_statement_is_an_error_and_leaves_nothing(
    http: httpx.Client, database: str, sql: str, text: str
) -> None:
    before = current(http, database)
    state = import_sql(http, f"/database/{database}", sql)
    assert (state["success"], state["status"], state["at_bookmark"]) == (True, "error", before)
    assert text in state["error"]
    assert state["errors"] == [state["error"]]
    assert current(http, database) == before
    assert rows(http, database, "SELECT name FROM sqlite_schema WHERE name = 'half'") == []


def test_a_file_of_many_statements_may_be_larger_than_one_of_them(http: httpx.Client, database: str) -> None:
    line = f"INSERT INTO t VALUES ('{'x' * 99_000}');\n"
    state = import_sql(http, f"/database/{database}", "CREATE TABLE t (a);\n" + line * 20)
    assert state["result"]["num_queries"] == 21
    assert rows(http, database, "SELECT sum(length(a)) AS n FROM t") == [{"n": 20 * 99_000}]


def test_foreign_keys_are_checked_at_the_end_if_the_file_defers_them(http: httpx.Client, database: str) -> None:
    sql = """
        PRAGMA defer_foreign_keys=TRUE;
        CREATE TABLE parent (id PRIMARY KEY);
        CREATE TABLE child (parent REFERENCES parent(id));
        INSERT INTO child VALUES (1);
        INSERT INTO parent VALUES (1);
    """
    assert import_sql(http, f"/database/{database}", sql)["status"] == "complete"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Invalid property: action => Required"),
        ({"action": "init"}, "Invalid property: etag => Required"),
        ({"action": "init", "etag": "../x"}, "Invalid property: etag => Invalid"),
        ({"action": "ingest", "etag": "0" * 32}, "Invalid property: filename => Required"),
        ({"action": "ingest", "etag": "0" * 32, "filename": "x.sql"}, "x.sql with etag 0000"),
        ({"action": "poll"}, "Invalid property: current_bookmark => Required"),
        ({"action": "start"}, "Invalid enum value. Expected 'init' | 'ingest' | 'poll', received 'start'"),
    ],
)
def test_a_malformed_request_is_error_7400(http: httpx.Client, database: str, body: dict[str, str], text: str) -> None:
    answer = http.post(f"/database/{database}/import", json=body)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (400, 7400)
    assert text in error["message"]


def test_an_import_into_no_database_is_error_7404(http: httpx.Client) -> None:
    answer = act(http, "00000000-0000-4000-8000-000000000000", "init", etag="0" * 32)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 7404)


def test_a_database_does_nothing_else_while_an_import_runs_and_can_be_deleted(
    http: httpx.Client, database: str
) -> None:
    before = current(http, database)
    filename, etag = upload(http, database, ENDLESS)
    for answer in (
        act(http, database, "ingest", filename=filename, etag=etag),
        act(http, database, "poll", current_bookmark=before),
    ):
        assert answer.status_code == 202
        assert result(answer) == {
            "type": "import",
            "success": True,
            "status": "active",
            "at_bookmark": before,
            "messages": [],
        }
    for answer in (
        act(http, database, "init", etag=etag),
        act(http, database, "ingest", filename=filename, etag=etag),
        http.post(f"/database/{database}/export", json={"output_format": "polling"}),
        http.post(f"/database/{database}/query", json={"sql": "SELECT 1"}),
    ):
        [error] = answer.json()["errors"]
        assert answer.status_code == 400
        assert error == {"code": 7500, "message": "Currently processing a long-running import."}
    assert http.delete(f"/database/{database}").status_code == 200
    assert act(http, database, "poll", current_bookmark=before).status_code == 404


def test_a_running_import_does_not_keep_the_emulator_from_stopping(tmp_path: Path) -> None:
    for _ in range(2):
        with emulator(tmp_path) as http:
            if not (databases := result(http.get("/database"))):
                database = result(http.post("/database", json={"name": "shop"}))["uuid"]
                filename, etag = upload(http, database, ENDLESS)
                started = act(http, database, "ingest", filename=filename, etag=etag)
                assert result(started)["status"] == "active"
            else:
                assert rows(http, databases[0]["uuid"], "SELECT name FROM sqlite_schema") == [{"name": "_cf_KV"}]


def test_the_time_limit_of_queries_applies_neither_to_imports_nor_to_exports(tmp_path: Path) -> None:
    many = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 20000)"
    with emulator(tmp_path, Limits(query_seconds=0)) as http:
        database = result(http.post("/database", json={"name": "shop"}))["uuid"]
        slow = http.post(f"/database/{database}/query", json={"sql": f"{many} SELECT count(*) FROM c"})
        assert slow.status_code == 429
        state = import_sql(http, f"/database/{database}", f"CREATE TABLE t AS {many} SELECT x FROM c;")
        assert state["status"] == "complete"
        assert rows(http, database, "SELECT 1 AS one") == [{"one": 1}]
        exported = result(http.post(f"/database/{database}/export", json={"output_format": "polling"}))
        assert len(httpx.get(exported["result"]["signed_url"]).text.splitlines()) == 20_002


def test_an_upload_link_accepts_only_uploads_and_works_for_an_hour(links: tuple[Links, list[float]]) -> None:
    made, clock = links
    link = made.new("file.sql", "PUT")
    assert made.find(link.key, "PUT") == link
    assert made.find(link.key, "GET") is None
    assert made.find("guess", "PUT") is None
    clock[0] += 3599
    assert made.named("file.sql") == (link,)
    clock[0] += 1
    assert made.find(link.key, "PUT") is None
    assert made.named("file.sql") == ()


def test_a_file_is_deleted_when_the_first_link_after_its_hour_is_created(links: tuple[Links, list[float]]) -> None:
    made, clock = links
    old, unused = made.new("old.sql", "GET"), made.new("unused.sql", "PUT")
    old.path.write_text("SELECT 1;")
    clock[0] += 1800
    young = made.new("young.sql", "GET")
    young.path.write_text("SELECT 2;")
    clock[0] += 1800
    made.new("new.sql", "GET")
    assert (old.path.exists(), unused.path.exists(), young.path.exists()) == (False, False, True)
