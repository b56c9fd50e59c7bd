"""Limits on what a query may take: time, memory, disk, its result. Other requests are answered meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from d1_emulator.faults.control import PATH
from tests.support.emulator_process import client, exports, import_sql, process, result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

_TIMEOUT = (429, 7429, "D1 DB storage operation exceeded timeout which caused object to be reset.")
_MEMORY = (500, 7500, "D1 DB's isolate exceeded its memory limit and was reset.")
_FULL = (400, 7500, "Exceeded maximum DB size")
_COUNT: Final = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
_A: Final = "replace(hex(zeroblob({})), '0', 'a')"
_ONE_LONG_OPERATION: Final = f"SELECT instr({_A.format(1_000_000)}, {_A.format(500_000)} || 'b')"

_SORT: Final = f"INSERT INTO t {_COUNT} SELECT randomblob(100000) AS b FROM c ORDER BY b"
_BLOB: Final = "SELECT randomblob(50000)"
_DISTINCT: Final = f"INSERT INTO t WITH RECURSIVE c(n) AS ({_BLOB} UNION {_BLOB} FROM c) SELECT count(*) FROM c"

_TOO_SLOW: Final = {
    "counting": f"INSERT INTO t {_COUNT} SELECT count(*) FROM c",
    "several statements": f"INSERT INTO t VALUES (1); INSERT INTO t {_COUNT} SELECT count(*) FROM c",
    "reading": f"{_COUNT} SELECT count(*) FROM c",
    "instr": f"INSERT INTO t {_ONE_LONG_OPERATION}",
    "replace": f"UPDATE kept SET a = replace({_A.format(1_000_000)}, {_A.format(500_000)} || 'b', '')",
    "check of a new table": f"CREATE TABLE u (a CHECK (({_ONE_LONG_OPERATION[7:]}) > 0)); INSERT INTO u VALUES (1)",
    "trigger": f"CREATE TRIGGER r AFTER INSERT ON t BEGIN {_ONE_LONG_OPERATION}; END; INSERT INTO t VALUES (1)",
}


class _Emulator:
    """An emulator with a database that has one row."""

    def __init__(self, http: httpx.Client, started: subprocess.Popen[str]) -> None:
        self.http = http
        self.started = started
        self.database = self.create("hostile")
        self.run("CREATE TABLE kept (a); CREATE TABLE t (a); INSERT INTO kept VALUES (1)")

    def create(self, name: str) -> str:
        return f"/database/{result(self.http.post('/database', json={'name': name}))['uuid']}"

    def query(self, sql: str, database: str = "") -> httpx.Response:
        return self.http.post(f"{database or self.database}/query", json={"sql": sql})

    def run(self, sql: str, database: str = "") -> list[Any]:
        rows: list[Any] = result(self.query(sql, database))[-1]["results"]
        return rows

    def set(self, **behaviour: Any) -> None:
        self.http.put(self.http.base_url.join(PATH), json=behaviour).raise_for_status()

    @contextmanager
    def running(self, sql: str) -> Iterator[Future[httpx.Response]]:
        """Run SQL that takes long, and continue once it has begun."""
        with ThreadPoolExecutor(1) as executor:
            answer = executor.submit(self.query, sql)
            while self.http.get(self.http.base_url.join(PATH)).json()["result"]["in_progress"] == 0:
                time.sleep(0.01)
            yield answer

    def processes(self) -> list[int]:
        """Return the ids of the emulator's processes."""
        command = ["pgrep", "-P", str(self.started.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        return [int(line) for line in listed.stdout.split()]


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[_Emulator]:
    with process(tmp_path / "state", "--query-seconds", "1") as started, client(exports(started)) as http:
        yield _Emulator(http, started)


def _error(answer: httpx.Response) -> tuple[int, int, str]:
    [error] = answer.json()["errors"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize("sql", _TOO_SLOW.values(), ids=_TOO_SLOW)
def test_a_query_ends_with_its_time_and_leaves_nothing(emulator: _Emulator, sql: str) -> None:
    bookmark = result(emulator.http.get(f"{emulator.database}/time_travel/bookmark"))
    assert _error(emulator.query(sql)) == _TIMEOUT
    assert result(emulator.http.get(f"{emulator.database}/time_travel/bookmark")) == bookmark
    assert emulator.run("SELECT count(*) AS n FROM t; SELECT * FROM kept") == [{"a": 1}]
    assert emulator.run("INSERT INTO t VALUES (7); SELECT * FROM t") == [{"a": 7}]
    assert result(emulator.http.get(emulator.database))["num_tables"] == 2


@pytest.mark.parametrize("sql", [_TOO_SLOW["instr"], _TOO_SLOW["several statements"]])
def test_other_requests_are_answered_while_a_query_runs(emulator: _Emulator, sql: str) -> None:
    other = emulator.create("other")
    emulator.set(query_seconds=30)
    with emulator.running(sql) as answer:
        assert emulator.run("CREATE TABLE u (a); INSERT INTO u VALUES (2); SELECT * FROM u", other) == [{"a": 2}]
        assert emulator.run("SELECT * FROM kept") == [{"a": 1}]
        assert emulator.run("SELECT count(*) AS n FROM t") == [{"n": 0}]
        assert result(emulator.http.get(emulator.database))["num_tables"] == 2
        assert result(emulator.http.get(f"{emulator.database}/time_travel/bookmark"))
        assert len(result(emulator.http.get("/database"))) == 2
        emulator.set(query_seconds=0)
        queued = emulator.query("INSERT INTO kept VALUES (2)")
        assert _error(queued) == (429, 7429, "D1 DB is overloaded. Requests queued for too long.")
        assert not answer.done()
        result(emulator.http.delete(emulator.database))
    assert _error(answer.result()) == (404, 7404, "database not found")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("sql", [_TOO_SLOW["instr"], _TOO_SLOW["counting"]])
def test_it_stops_while_a_query_runs(emulator: _Emulator, sql: str, number: signal.Signals) -> None:
    emulator.set(query_seconds=600)
    with emulator.running(sql) as answer:
        emulator.started.send_signal(number)
        out, error = emulator.started.communicate(timeout=60)
    assert (emulator.started.returncode, out, error.splitlines()[1:]) == (0, "", [])
    assert isinstance(answer.exception(), httpx.TransportError) or answer.result().status_code == 404


def test_a_killed_emulator_leaves_no_process_behind(emulator: _Emulator) -> None:
    emulator.set(query_seconds=60)
    with emulator.running(_TOO_SLOW["instr"]) as answer:
        left = emulator.processes()
        assert left
        emulator.started.kill()
        while any(_runs(number) for number in left):
            time.sleep(0.01)
    assert isinstance(answer.exception(), httpx.TransportError)


def _runs(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_that_ends_by_itself_costs_only_its_request(emulator: _Emulator) -> None:
    emulator.set(query_seconds=60)
    with emulator.running(_TOO_SLOW["instr"]) as answer:
        for number in emulator.processes():
            os.kill(number, signal.SIGKILL)
    text = "Internal error in D1 DB storage caused object to be reset."
    assert _error(answer.result()) == (500, 7500, text)
    assert emulator.run("SELECT * FROM kept") == [{"a": 1}]


@pytest.mark.slow
@pytest.mark.parametrize("sql", [_SORT, _DISTINCT])
def test_a_query_gets_half_a_gigabyte_of_memory_and_no_temporary_file(
    emulator: _Emulator, tmp_path: Path, sql: str
) -> None:
    emulator.set(query_seconds=60)
    assert _error(emulator.query(sql)) == _MEMORY
    assert emulator.run("INSERT INTO t VALUES (1); SELECT count(*) AS n FROM t") == [{"n": 1}]
    assert _bytes_in(tmp_path) < 5_000_000


@pytest.mark.slow
def test_a_query_that_writes_a_gigabyte_is_refused_and_its_disk_space_freed(
    emulator: _Emulator, tmp_path: Path
) -> None:
    emulator.set(query_seconds=60)
    assert _error(emulator.query(f"INSERT INTO t {_COUNT} SELECT zeroblob(2000000) FROM c")) == _TIMEOUT
    assert _bytes_in(tmp_path) < 5_000_000
    assert emulator.run("INSERT INTO t VALUES (1); SELECT count(*) AS n FROM t") == [{"n": 1}]


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_database_grows_to_its_largest_size_and_is_still_read(emulator: _Emulator) -> None:
    emulator.set(max_database_mb=1)
    fill = f"INSERT INTO t {_COUNT} SELECT zeroblob(1000) FROM c LIMIT 2000"
    assert _error(emulator.query(fill)) == _FULL
    state = import_sql(emulator.http, emulator.database, f"{fill};")
    assert (state["status"], state["error"]) == ("error", "Exceeded maximum DB size")
    assert emulator.run("SELECT count(*) AS n FROM t") == [{"n": 0}]
    emulator.set(max_database_mb=None)
    emulator.run(fill)
    emulator.set(max_database_mb=1)
    assert _error(emulator.query("INSERT INTO t VALUES (zeroblob(20000))")) == _FULL
    assert emulator.run("SELECT count(*) AS n FROM t") == [{"n": 2000}]


@pytest.mark.parametrize(
    "column", ["hex(zeroblob(1000000))", "zeroblob(500000)", "hex(zeroblob(500000)) AS a, zeroblob(250000)"]
)
def test_a_result_has_at_most_50_megabytes(emulator: _Emulator, column: str) -> None:
    emulator.set(query_seconds=60)
    rows = f"{_COUNT} SELECT {column} AS value FROM c LIMIT {{}}"
    refused = emulator.query(f"INSERT INTO t VALUES (1); {rows.format(26)}")
    assert _error(refused) == (400, 7500, "Exceeded maximum query result size")
    assert emulator.run("SELECT count(*) AS n FROM t") == [{"n": 0}]
    assert len(emulator.run(rows.format(24))) == 24
