"""kill -9 at random moments, under load: what was acknowledged stays, and nothing is there by half.

Each writer has a database of its own, in which every request leaves three traces: a row in `small`, one of the same
number in `large`, which takes several pages, and a count. The state of a database is the numbers of its rows.
"""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from tests.support.emulator_process import client, exports, import_sql, process, result

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 12
_WRITERS = 4
_LONGEST = 0.6  # seconds until a kill
_DICE = random.Random()  # noqa: S311 - chance, not a secret
_SCHEMA = "CREATE TABLE small (n); CREATE TABLE large (n, b); CREATE TABLE total (n); INSERT INTO total VALUES (0)"

State = tuple[int, ...]


@dataclass
class _Writer:
    """What one client knows of its database.

    Attributes:
        uuid: of the database.
        now: the state that the last acknowledged request left.
        next: the state that a request leaves which has not been acknowledged.
        bookmarks: the state of each bookmark that was ever answered.
        requests: how many were sent that change the state.
    """

    uuid: str
    now: State = ()
    next: State = ()
    bookmarks: dict[str, State] = field(default_factory=dict)
    requests: int = 0

    def run(self, http: httpx.Client) -> None:
        """Write, import, ask for bookmarks and restore, until the emulator is gone."""
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

    def state(self, http: httpx.Client) -> State:
        """Read the database, of which every trace must say the same."""
        columns = "SELECT n FROM small ORDER BY rowid; SELECT n FROM large WHERE length(b) = 20000 ORDER BY rowid"
        small, large, total = self.query(http, f"{columns}; SELECT n FROM total")
        assert small == large
        assert total == [{"n": len(small)}]
        return tuple(row["n"] for row in small)


def test_a_kill_loses_nothing_acknowledged_and_keeps_nothing_by_half(tmp_path: Path) -> None:
    with process(tmp_path) as started, client(exports(started)) as http:
        writers = [
            _Writer(result(http.post("/database", json={"name": f"db-{number}"}))["uuid"]) for number in range(_WRITERS)
        ]
        for writer in writers:
            writer.query(http, _SCHEMA)
    for _ in range(_ROUNDS):
        with process(tmp_path) as started, client(exports(started)) as http:
            for writer in writers:
                found = writer.state(http)
                assert found in {writer.now, writer.next}
                writer.now = writer.next = found
            killer = threading.Timer(_DICE.uniform(0, _LONGEST), started.kill)
            killer.start()
            with ThreadPoolExecutor(_WRITERS) as executor:
                list(executor.map(lambda writer: writer.run(http), writers))
            killer.join()
    with process(tmp_path) as started, client(exports(started)) as http:
        for writer in writers:
            assert writer.state(http) in {writer.now, writer.next}
            for bookmark in _DICE.sample(sorted(writer.bookmarks), min(8, len(writer.bookmarks))):
                state = writer.bookmarks[bookmark]
                writer.restore(http, bookmark)
                assert writer.state(http) == state
    assert min(writer.requests for writer in writers) > _ROUNDS


@dataclass
class _Owner:
    """A client that makes and deletes databases whose names start with its own.

    Attributes:
        name: of the client.
        there: the databases that were acknowledged and not yet deleted, by name.
        pending: name of the one database that is being made or deleted.
        made: how many it has asked for.
    """

    name: str
    there: dict[str, str] = field(default_factory=dict)
    pending: str = ""
    made: int = 0

    def run(self, http: httpx.Client) -> None:
        """Make and delete, until the emulator is gone."""
        try:
            while True:
                self._make(http)
                if _DICE.random() < 0.5:
                    self._delete(http)
        except httpx.TransportError:
            return

    def _make(self, http: httpx.Client) -> None:
        self.made += 1
        self.pending = f"{self.name}-{self.made}"
        self.there[self.pending] = result(http.post("/database", json={"name": self.pending}))["uuid"]

    def _delete(self, http: httpx.Client) -> None:
        self.pending = _DICE.choice(sorted(self.there))
        result(http.delete(f"/database/{self.there[self.pending]}"))
        del self.there[self.pending]


def test_a_kill_leaves_every_database_whole_or_not_at_all(tmp_path: Path) -> None:
    owners = [_Owner(name) for name in ("a", "b", "c", "d")]
    for _ in range(_ROUNDS // 2):
        with process(tmp_path) as started, client(exports(started)) as http:
            listed = {item["name"]: item["uuid"] for item in result(http.get("/database"))}
            for owner in owners:
                found = {name: uuid for name, uuid in listed.items() if name.startswith(f"{owner.name}-")}
                assert set(found) ^ set(owner.there) <= {owner.pending}
                owner.there = found
            for uuid in listed.values():
                result(http.post(f"/database/{uuid}/query", json={"sql": "CREATE TABLE IF NOT EXISTS t (a)"}))
            killer = threading.Timer(_DICE.uniform(0, _LONGEST), started.kill)
            killer.start()
            with ThreadPoolExecutor(len(owners)) as executor:
                list(executor.map(lambda owner: owner.run(http), owners))
            killer.join()
    assert min(owner.made for owner in owners) > _ROUNDS
