"""kill -9 at a random request, under load: acknowledged writes remain, and no write is applied by half.

Each writer has its own database. Every request adds a row to `small`, a row with the same number to `large`, and one to
a count. A row of `large` takes several pages. The state of a database is the numbers of its rows.
"""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.emulator_process import client, exports, import_sql, process, result

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

_ROUNDS = 12
_WRITERS = 4
_MAX_REQUESTS = 200  # of all clients, until a kill
_DICE = random.Random()  # noqa: S311 - chance, not a secret
_SCHEMA = "CREATE TABLE small (n); CREATE TABLE large (n, b); CREATE TABLE total (n); INSERT INTO total VALUES (0)"

RowNumbers = tuple[int, ...]


def _kill_at_a_random_request(started: subprocess.Popen[str], http: httpx.Client) -> None:
    """Kill the emulator when one of its clients sends a request, while those of the others are in progress."""
    requests_left = itertools.count(_DICE.randint(0, _MAX_REQUESTS), -1)

    def count(_request: httpx.Request) -> None:
        if next(requests_left) == 0:
            started.kill()

    http.event_hooks = {"request": [count]}


@dataclass
class _RowWriter:
    """A client that writes rows to its database.

    Attributes:
        uuid: The id of the database.
        now: The state after the last acknowledged request.
        next: The state after the request in progress.
        bookmarks: The state of each returned bookmark.
        requests: The number of requests that change the state.
    """

    uuid: str
    now: RowNumbers = ()
    next: RowNumbers = ()
    bookmarks: dict[str, RowNumbers] = field(default_factory=dict)
    requests: int = 0

    def run(self, http: httpx.Client) -> None:
        """Write, import, read bookmarks and restore, until the emulator is gone."""
        try:
            while True:
                self._step(http)
        except httpx.TransportError:
            return

    def _step(self, http: httpx.Client) -> None:
        self.requests += 1
        if self.bookmarks and _DICE.random() < 0.1:
            self.restore(http, _DICE.choice(sorted(self.bookmarks)))
        else:
            number = self.requests
            self.next = (*self.now, number)
            sql = f"INSERT INTO small VALUES ({number}); INSERT INTO large VALUES ({number}, zeroblob(20000))"
            sql += "; UPDATE total SET n = n + 1"
            if _DICE.random() < 0.1:
                assert import_sql(http, f"/database/{self.uuid}", sql)["status"] == "complete"
            else:
                self.query(http, sql)
        self.now = self.next
        if _DICE.random() < 0.3:
            answer = result(http.get(f"/database/{self.uuid}/time_travel/bookmark"))
            self.bookmarks[answer["bookmark"]] = self.now

    def restore(self, http: httpx.Client, bookmark: str) -> None:
        self.next = self.bookmarks[bookmark]
        answer = result(http.post(f"/database/{self.uuid}/time_travel/restore", params={"bookmark": bookmark}))
        self.bookmarks[answer["previous_bookmark"]] = self.now
        self.bookmarks[answer["bookmark"]] = self.next

    def query(self, http: httpx.Client, sql: str) -> list[Any]:
        return [item["results"] for item in result(http.post(f"/database/{self.uuid}/query", json={"sql": sql}))]

    def state(self, http: httpx.Client) -> RowNumbers:
        """Return the state of the database, which must be the same in all three tables."""
        columns = "SELECT n FROM small ORDER BY rowid; SELECT n FROM large WHERE length(b) = 20000 ORDER BY rowid"
        small, large, total = self.query(http, f"{columns}; SELECT n FROM total")
        assert small == large
        assert total == [{"n": len(small)}]
        return tuple(row["n"] for row in small)


def test_a_kill_loses_no_acknowledged_write_and_keeps_none_by_half(tmp_path: Path) -> None:
    with process(tmp_path) as started, client(exports(started)) as http:
        writers = [
            _RowWriter(result(http.post("/database", json={"name": f"db-{number}"}))["uuid"])
            for number in range(_WRITERS)
        ]
        for writer in writers:
            writer.query(http, _SCHEMA)
    for _ in range(_ROUNDS):
        with process(tmp_path) as started, client(exports(started)) as http:
            for writer in writers:
                state = writer.state(http)
                assert state in {writer.now, writer.next}
                writer.now = writer.next = state
            _kill_at_a_random_request(started, http)
            with ThreadPoolExecutor(_WRITERS) as executor:
                list(executor.map(lambda writer: writer.run(http), writers))
    with process(tmp_path) as started, client(exports(started)) as http:
        for writer in writers:
            assert writer.state(http) in {writer.now, writer.next}
            for bookmark in _DICE.sample(sorted(writer.bookmarks), min(8, len(writer.bookmarks))):
                state = writer.bookmarks[bookmark]
                writer.restore(http, bookmark)
                assert writer.state(http) == state
    assert min(writer.requests for writer in writers) > _ROUNDS


@dataclass
class _DatabaseOwner:
    """A client that creates and deletes databases whose names start with its own.

    Attributes:
        name: The client's name.
        databases: The ids of the acknowledged databases, by name.
        pending: The name of the database that is being created or deleted.
        created: The number of requests to create one.
    """

    name: str
    databases: dict[str, str] = field(default_factory=dict)
    pending: str = ""
    created: int = 0

    def run(self, http: httpx.Client) -> None:
        """Create and delete, until the emulator is gone."""
        try:
            while True:
                self._create(http)
                if _DICE.random() < 0.5:
                    self._delete(http)
        except httpx.TransportError:
            return

    def _create(self, http: httpx.Client) -> None:
        self.created += 1
        self.pending = f"{self.name}-{self.created}"
        self.databases[self.pending] = result(http.post("/database", json={"name": self.pending}))["uuid"]

    def _delete(self, http: httpx.Client) -> None:
        self.pending = _DICE.choice(sorted(self.databases))
        result(http.delete(f"/database/{self.databases[self.pending]}"))
        del self.databases[self.pending]


def test_a_kill_leaves_every_database_whole_or_not_at_all(tmp_path: Path) -> None:
    owners = [_DatabaseOwner(name) for name in ("a", "b", "c", "d")]
    for _ in range(_ROUNDS // 2):
        with process(tmp_path) as started, client(exports(started)) as http:
            listed = {item["name"]: item["uuid"] for item in result(http.get("/database"))}
            for owner in owners:
                databases = {name: uuid for name, uuid in listed.items() if name.startswith(f"{owner.name}-")}
                assert set(databases) ^ set(owner.databases) <= {owner.pending}
                owner.databases = databases
            for uuid in listed.values():
                result(http.post(f"/database/{uuid}/query", json={"sql": "CREATE TABLE IF NOT EXISTS t (a)"}))
            _kill_at_a_random_request(started, http)
            with ThreadPoolExecutor(len(owners)) as executor:
                list(executor.map(lambda owner: owner.run(http), owners))
    assert min(owner.created for owner in owners) > _ROUNDS
