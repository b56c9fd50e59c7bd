"""Many clients, many databases, few file descriptors: the emulator in its own process, over real sockets."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.emulator_process import client, exports, process, result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.slow

_WRITERS = 32
_WRITES = 12
_DATABASES = 1000
_FEW_FILES = ("sh", "-c", 'ulimit -n 1024; exec "$@"', "sh")
_SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {}) SELECT count(*) AS n FROM n"


def _create(http: httpx.Client, name: str) -> str:
    return str(result(http.post("/database", json={"name": name}))["uuid"])


def _query(http: httpx.Client, uuid: str, sql: str) -> list[Any]:
    """Return the rows of the last statement."""
    rows: list[Any] = result(http.post(f"/database/{uuid}/query", json={"sql": sql}))[-1]["results"]
    return rows


def _all(work: Callable[[Any], Any], items: Iterable[Any], threads: int) -> list[Any]:
    with ThreadPoolExecutor(threads) as executor:
        return list(executor.map(work, items))


def test_simultaneous_writers_lose_nothing_and_each_gets_its_own_answer(tmp_path: Path) -> None:
    with process(tmp_path) as started:
        variables = exports(started)
        with client(variables) as http:
            uuid = _create(http, "shared")
            _query(http, uuid, "CREATE TABLE t (writer, n); CREATE TABLE total (n); INSERT INTO total VALUES (0)")

        def write(writer: int) -> list[int]:
            totals = []
            with client(variables) as own:
                for n in range(_WRITES):
                    sql = f"INSERT INTO t VALUES ({writer}, {n}); UPDATE total SET n = n + 1"
                    sql += "; SELECT writer, t.n, total.n AS total FROM t, total ORDER BY t.rowid DESC LIMIT 1"
                    [row] = _query(own, uuid, sql)
                    assert (row["writer"], row["n"]) == (writer, n)
                    totals.append(row["total"])
            return totals

        totals = _all(write, range(_WRITERS), _WRITERS)
        assert sorted(total for each in totals for total in each) == list(range(1, _WRITERS * _WRITES + 1))
        with client(variables) as http:
            [row] = _query(http, uuid, "SELECT count(*) AS n FROM (SELECT DISTINCT writer, n FROM t)")
            assert row["n"] == _WRITERS * _WRITES


def test_slow_queries_on_one_database_do_not_hold_up_another(tmp_path: Path) -> None:
    # Twice starlette's default of 40 threads: all but one wait for the database.
    clients, rows = 80, 200_000
    control = "/emulator/faults"
    counter = {"fault": "latency", "endpoint": "query", "contains": "RECURSIVE", "times": None}
    with process(tmp_path) as started, client(exports(started)) as http, ThreadPoolExecutor(clients) as executor:
        slow, quick = _create(http, "slow"), _create(http, "quick")
        result(http.put(http.base_url.join(control), json={"faults": [counter]}))
        answers = [executor.submit(_query, http, slow, _SLOW.format(rows)) for _ in range(clients)]
        while result(http.get(http.base_url.join(control)))["faults"][0]["seen"] < clients:
            time.sleep(0.01)
        assert _query(http, quick, "SELECT 1 AS n") == [{"n": 1}]
        assert sum(answer.done() for answer in answers) < clients / 2
        assert [answer.result() for answer in answers] == [[{"n": rows}]] * clients


@pytest.mark.thorough
def test_a_thousand_databases_need_at_most_1024_files(tmp_path: Path) -> None:
    names = [f"db-{number:04}" for number in range(_DATABASES)]
    with process(tmp_path, before=_FEW_FILES) as started, client(exports(started)) as http:

        def fill(name: str) -> str:
            uuid = _create(http, name)
            _query(http, uuid, f"CREATE TABLE t (a); INSERT INTO t VALUES ('{name}')")
            return uuid

        uuids = _all(fill, names, 4)
        pages = [http.get("/database", params={"page": page, "per_page": 300}).json() for page in range(1, 6)]
        assert [page["result_info"]["count"] for page in pages] == [300, 300, 300, 100, 0]
        assert {page["result_info"]["total_count"] for page in pages} == {_DATABASES}
        listed = {item["uuid"]: item["name"] for page in pages for item in page["result"]}
        assert listed == dict(zip(uuids, names, strict=True))
    with process(tmp_path, before=_FEW_FILES) as started, client(exports(started)) as http:
        assert _all(lambda uuid: _query(http, uuid, "SELECT a FROM t"), uuids, 4) == [[{"a": name}] for name in names]
