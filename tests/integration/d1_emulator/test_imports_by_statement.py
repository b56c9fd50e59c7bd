"""`--imports statements`: a commit after each statement, and Time Travel if one fails."""

from __future__ import annotations

import hashlib
import signal
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from d1_emulator.faults.control import PATH
from tests.support.emulator_process import client, exports, import_sql, process, result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

_OPTIONS: Final = ("--imports", "statements")
_ENDLESS: Final = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n FROM c) SELECT count(*) FROM c"
_FAMILY: Final = """
    CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (id INTEGER PRIMARY KEY, parent REFERENCES parents (id) ON DELETE CASCADE);
    INSERT INTO parents VALUES (1);
    INSERT INTO children VALUES (10, 1);
"""
_REBUILD: Final = """
    PRAGMA foreign_keys = OFF;
    CREATE TABLE new_parents (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO new_parents (id) SELECT id FROM parents;
    DROP TABLE parents;
    ALTER TABLE new_parents RENAME TO parents;
    PRAGMA foreign_keys = ON;
"""


@pytest.fixture
def http(tmp_path: Path) -> Iterator[httpx.Client]:
    with process(tmp_path, *_OPTIONS) as started, client(exports(started)) as opened:
        yield opened


@pytest.fixture
def database(http: httpx.Client) -> str:
    return _create(http)


def _create(http: httpx.Client) -> str:
    return f"/database/{result(http.post('/database', json={'name': 'shop'}))['uuid']}"


def _rows(http: httpx.Client, database: str, sql: str) -> list[Any]:
    rows: list[Any] = result(http.post(f"{database}/query", json={"sql": sql}))[-1]["results"]
    return rows


def _bookmark(http: httpx.Client, database: str) -> str:
    return str(result(http.get(f"{database}/time_travel/bookmark"))["bookmark"])


def _start(http: httpx.Client, database: str, sql: str) -> None:
    """Start an import that does not end."""
    etag = hashlib.md5(sql.encode(), usedforsecurity=False).hexdigest()
    upload = result(http.post(f"{database}/import", json={"action": "init", "etag": etag}))
    http.put(upload["upload_url"], content=sql.encode()).raise_for_status()
    step = {"action": "ingest", "etag": etag, "filename": upload["filename"]}
    assert http.post(f"{database}/import", json=step).json()["result"]["status"] == "active"


def test_reads_see_each_statement_and_writes_are_refused(http: httpx.Client, database: str) -> None:
    _start(http, database, f"CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); {_ENDLESS}")
    assert _rows(http, database, "SELECT a FROM t") == [{"a": 1}, {"a": 2}]
    assert result(http.get(database))["num_tables"] == 1
    assert _bookmark(http, database)
    busy = {"code": 7500, "message": "Currently processing a long-running import."}
    for path, body in [
        ("query", {"sql": "INSERT INTO t VALUES (3)"}),
        ("query", {"sql": "SELECT 1; CREATE TABLE u (a)"}),
        ("import", {"action": "init", "etag": "0" * 32}),
        ("export", {"output_format": "polling"}),
        (f"time_travel/restore?bookmark={_bookmark(http, database)}", None),
    ]:
        answer = http.post(f"{database}/{path}", json=body)
        assert (answer.status_code, answer.json()["errors"]) == (400, [busy]), path
    assert _rows(http, database, "SELECT count(*) AS n FROM t") == [{"n": 2}]


@pytest.mark.parametrize(("imports", "left"), [("statements", [{"id": 10, "parent": 1}]), ("transaction", [])])
def test_foreign_keys_can_be_turned_off(http: httpx.Client, database: str, imports: str, left: list[Any]) -> None:
    http.put(http.base_url.join(PATH), json={"imports": imports}).raise_for_status()
    _rows(http, database, _FAMILY)
    assert import_sql(http, database, _REBUILD)["status"] == "complete"
    assert _rows(http, database, "SELECT * FROM children") == left


def test_pragmas_end_with_the_import(http: httpx.Client, database: str) -> None:
    _rows(http, database, _FAMILY)
    switches = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA defer_foreign_keys = ON;"
    assert import_sql(http, database, f"{switches} SELECT 1;")["status"] == "complete"
    refused = http.post(f"{database}/query", json={"sql": "INSERT INTO children VALUES (11, 99)"})
    assert "FOREIGN KEY constraint failed" in refused.text
    assert _rows(http, database, "PRAGMA ignore_check_constraints") == [{"ignore_check_constraints": 0}]


def test_deferring_foreign_keys_ends_with_each_statement(http: httpx.Client, database: str) -> None:
    _rows(http, database, _FAMILY)
    swapped = "PRAGMA defer_foreign_keys = ON; INSERT INTO children VALUES (11, 2); INSERT INTO parents VALUES (2);"
    state = import_sql(http, database, swapped)
    assert (state["status"], state["error"].partition(":")[0]) == ("error", "FOREIGN KEY constraint failed")
    http.put(http.base_url.join(PATH), json={"imports": "transaction"}).raise_for_status()
    assert import_sql(http, database, f"{swapped}\n")["status"] == "complete"


def test_a_failure_restores_what_was_before(http: httpx.Client, database: str) -> None:
    _rows(http, database, "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)")
    before = _bookmark(http, database)
    state = import_sql(
        http, database, "CREATE TABLE u (a); DROP TABLE u; DELETE FROM t; INSERT INTO t VALUES (2), (2);"
    )
    assert (state["status"], state["at_bookmark"]) == ("error", before)
    assert state["error"].startswith("UNIQUE constraint failed: t.a")
    assert _rows(http, database, "SELECT a FROM t") == [{"a": 1}]
    after = _bookmark(http, database)
    assert after > before
    _rows(http, database, "INSERT INTO t VALUES (3)")
    result(http.post(f"{database}/time_travel/restore", params={"bookmark": before}))
    assert _rows(http, database, "SELECT a FROM t") == [{"a": 1}]


def test_a_complete_import_counts_its_statements(http: httpx.Client, database: str) -> None:
    state = import_sql(http, database, "CREATE TABLE t (a); INSERT INTO t VALUES (1); -- the end\n")
    assert (state["status"], state["result"]["num_queries"]) == ("complete", 2)
    assert state["result"]["final_bookmark"] == _bookmark(http, database)
    assert import_sql(http, database, "-- nothing")["error"] == "SQL code did not contain a statement."


def test_an_import_can_die_and_be_undone_later(http: httpx.Client, database: str) -> None:
    _rows(http, database, "CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    before = _bookmark(http, database)
    http.put(http.base_url.join(PATH), json={"imports_die_ms": 3000}).raise_for_status()
    state = import_sql(http, database, "INSERT INTO t VALUES (2); INSERT INTO t VALUES (3); DROP TABLE t; SELECT 1;")
    assert (state["status"], state["error"]) == ("error", "Not currently importing anything.")
    assert _rows(http, database, "SELECT a FROM t") == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert _bookmark(http, database) > before
    _rows(http, database, "INSERT INTO t VALUES (4)")
    while len(_rows(http, database, "SELECT a FROM t")) > 1:
        time.sleep(0.05)
    assert _rows(http, database, "SELECT a FROM t") == [{"a": 1}]
    http.put(http.base_url.join(PATH), json={}).raise_for_status()
    assert import_sql(http, database, "DELETE FROM t;")["status"] == "complete"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_import_that_a_kill_ends_is_undone_at_the_next_start(tmp_path: Path, number: signal.Signals) -> None:
    with process(tmp_path, *_OPTIONS) as started, client(exports(started)) as http:
        database = _create(http)
        _rows(http, database, "CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        before = _bookmark(http, database)
        _start(http, database, f"DELETE FROM t; INSERT INTO t VALUES (2); {_ENDLESS}")
        assert _rows(http, database, "SELECT a FROM t") == [{"a": 2}]
        started.send_signal(number)
        started.wait(timeout=60)
    for _ in range(2):
        with process(tmp_path) as started, client(exports(started)) as http:
            assert _rows(http, database, "SELECT a FROM t") == [{"a": 1}]
            poll = http.post(f"{database}/import", json={"action": "poll", "current_bookmark": before})
            assert poll.json()["result"]["error"] == "Not currently importing anything."
            _rows(http, database, "INSERT INTO t VALUES (3); DELETE FROM t WHERE a = 3")
    assert not list(tmp_path.glob("*/*/import"))
