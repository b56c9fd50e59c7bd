"""The emulator: single-row writes a second against miniflare's explorer, and bookmarks of a large database."""

from __future__ import annotations

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bench.measure import Figure, Row, clocked, compared, in_turns
from tests.support import node as clients

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.stage import Stage
    from pulumi_d1.cloudflare.database import D1Api

TITLE = "The emulator"
ABOUT = """\
Writes are one INSERT of one row a request, over connections that stay open; what they are compared with is miniflare's
explorer API, which is workerd's D1 as `wrangler dev` has it. Bookmarks and restores go through the API."""

_TABLE: Final = "CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"
_WRITE: Final = "INSERT INTO rows (text) VALUES ('a row of some length')"
_FILL: Final = (
    "CREATE TABLE large (value BLOB); "
    "INSERT INTO large WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
    "SELECT zeroblob(1000000) FROM n"
)
_STEP_MB: Final = 100  # in one request
_BOOKMARKS: Final = 20


@dataclass(frozen=True)
class Sizes:
    """Clients at once, writes of all of them together, and megabytes of the small and the large database."""

    clients: tuple[int, ...] = (1, 32)
    writes: int = 2000
    megabytes: tuple[int, int] = (1, 1000)


def measure(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures writes and bookmarks."""
    return [*_writes(stage, runs, say, sizes), *_moments(stage, runs, say, sizes)]


@dataclass(frozen=True)
class _Target:
    """Where a statement is posted, and the token for it."""

    url: str
    token: str = ""

    def send(self, connection: HTTPConnection, sql: str) -> None:
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        connection.request("POST", urlsplit(self.url).path, json.dumps({"sql": sql}), headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == HTTPStatus.OK, text  # noqa: S101 - what is measured has happened

    def connect(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        return HTTPConnection(parts.hostname or "", parts.port, timeout=60)


def _writes(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes) -> list[Row]:
    account = stage.account()
    database = account.create("writes")
    url = f"{stage.base_url}/accounts/{account.id}/d1/database/{database.database_id}/raw"
    rows = []
    with clients.running("explorer.mjs", str(stage.new_folder())) as process:
        line = "".join(itertools.islice(process.stdout or (), 1))
        ours, theirs = _Target(url, stage.client.token), _Target(json.loads(line)["url"])
        for target in (ours, theirs):
            with closing(target.connect()) as connection:
                target.send(connection, _TABLE)
        for count in sizes.clients:
            say(f"writes by {count} at once")

            rate = partial(_rate, clients_=count, writes=sizes.writes)
            mine, others = in_turns(runs, partial(rate, ours), partial(rate, theirs))
            here, there = Figure("/s", mine), Figure("/s", others)
            what = f"writes, {count} {'client' if count == 1 else 'clients'}; miniflare's explorer"
            met = here.median >= there.median
            rows.append(
                Row(what, here, there, "more", met, "one Python process, about one core; SQLite is a small part")
            )
    return rows


def _rate(target: _Target, clients_: int, writes: int) -> float:
    """How many writes a second so many clients get done."""
    ready = threading.Barrier(clients_ + 1)

    def work() -> None:
        with closing(target.connect()) as connection:
            connection.connect()
            ready.wait()
            for _ in range(writes // clients_):
                target.send(connection, _WRITE)

    with ThreadPoolExecutor(clients_) as pool:
        working = [pool.submit(work) for _ in range(clients_)]
        ready.wait()
        return writes / clocked(lambda: [each.result() for each in working])


def _moments(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes) -> list[Row]:
    small, large = (_filled(stage, megabytes, say) for megabytes in sizes.megabytes)
    words = "; ".join(f"{megabytes:,} MB" for megabytes in reversed(sizes.megabytes))
    say("bookmarks and restores")

    def bookmarks(database: D1Api) -> float:
        return clocked(lambda: [database.bookmark() for _ in range(_BOOKMARKS)]) / _BOOKMARKS

    def writes(database: D1Api) -> float:
        return clocked(lambda: database.write("INSERT INTO large VALUES ('a row')"))

    def restores(database: D1Api) -> float:
        bookmark = database.bookmark()
        database.write("DELETE FROM large WHERE rowid = 1")
        return clocked(lambda: database.restore(bookmark))

    rows = []
    for what, act, bound in (
        ("a bookmark", bookmarks, "one request: the place in the log is known"),
        ("a write", writes, "one request: the log grows by what is written"),
        ("a restore", restores, "it grows with the size: a copy of the files that hold the state, on this disk"),
    ):
        there, here = in_turns(runs, partial(act, small), partial(act, large))
        goal = None if what == "a restore" else 1.5
        rows.append(compared(f"{what}, {words}", Figure("s", here), Figure("s", there), bound, most=goal))
    return rows


def _filled(stage: Stage, megabytes: int, say: Callable[[str], None]) -> D1Api:
    """A database of that size."""
    say(f"making a database of {megabytes:,} MB")
    database = stage.account().create("filled")
    create, _, fill = _FILL.partition("; ")
    database.write(create)
    for start in range(0, megabytes, _STEP_MB):
        database.write(fill.format(min(_STEP_MB, megabytes - start)))
    return database
