"""The emulator: single-row writes per second against miniflare's explorer, and bookmarks of a large database."""

from __future__ import annotations

import itertools
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bench.measure import Figure, TableRow, compare, run_in_turns, time_call
from tests.support import node

if TYPE_CHECKING:
    from bench.stage import Stage
    from pulumi_d1.cloudflare.database import D1Api

TITLE = "The emulator"
ABOUT = """\
A write is one INSERT of one row in one request, over connections that stay open. The other contender is miniflare's
explorer API: workerd's D1, as in `wrangler dev`. Bookmarks and restores go through the API."""

_TABLE: Final = "CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"
_WRITE: Final = "INSERT INTO rows (text) VALUES ('a row of some length')"
_LARGE_TABLE: Final = "CREATE TABLE large (value BLOB)"
_FILL: Final = (
    "INSERT INTO large WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
    "SELECT zeroblob(1000000) FROM n"
)
_STEP_MB: Final = 100  # in one request
_BOOKMARKS: Final = 20
logger = logging.getLogger(__name__)


def measure(
    stage: Stage,
    runs: int,
    *,
    clients: tuple[int, ...] = (1, 32),
    writes: int = 2000,
    megabytes: tuple[int, int] = (1, 1000),
) -> list[TableRow]:
    """Measure so many writes by each number of clients, and bookmarks of a small and a large database."""
    return [*_write_rows(stage, runs, clients, writes), *_bookmark_rows(stage, runs, megabytes)]


@dataclass(frozen=True)
class _SqlUrl:
    """A URL that accepts SQL, and its token."""

    url: str
    token: str = ""

    def send(self, connection: HTTPConnection, sql: str) -> None:
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        connection.request("POST", urlsplit(self.url).path, json.dumps({"sql": sql}), headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == HTTPStatus.OK, text  # noqa: S101 - a failure must not be timed

    def connect(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        return HTTPConnection(parts.hostname or "", parts.port, timeout=60)


def _write_rows(stage: Stage, runs: int, clients: tuple[int, ...], writes: int) -> list[TableRow]:
    account = stage.account()
    database = account.create("writes")
    url = f"{stage.base_url}/accounts/{account.id}/d1/database/{database.database_id}/raw"
    rows = []
    with node.running("explorer.mjs", str(stage.new_folder())) as process:
        line = "".join(itertools.islice(process.stdout or (), 1))
        ours, theirs = _SqlUrl(url, stage.client.token), _SqlUrl(json.loads(line)["url"])
        for contender in (ours, theirs):
            with closing(contender.connect()) as connection:
                contender.send(connection, _TABLE)
        for count in clients:
            logger.info(f"writes by {count} at once")
            rates = run_in_turns(
                runs,
                partial(_writes_per_second, ours, count, writes),
                partial(_writes_per_second, theirs, count, writes),
            )
            our_figure, their_figure = (Figure("/s", rate) for rate in rates)
            title = f"writes, {count} {'client' if count == 1 else 'clients'}; miniflare's explorer"
            met = our_figure.median >= their_figure.median
            bound = "one Python process, about one core; SQLite is a small part"
            rows.append(TableRow(title, our_figure, their_figure, "more", met, bound))
    return rows


def _writes_per_second(contender: _SqlUrl, clients: int, writes: int) -> float:
    ready = threading.Barrier(clients + 1)

    def work() -> None:
        with closing(contender.connect()) as connection:
            connection.connect()
            ready.wait()
            for _ in range(writes // clients):
                contender.send(connection, _WRITE)

    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(work) for _ in range(clients)]
        ready.wait()
        return writes / time_call(lambda: [future.result() for future in futures])


def _bookmark_rows(stage: Stage, runs: int, megabytes: tuple[int, int]) -> list[TableRow]:
    small, large = (_filled_database(stage, size) for size in megabytes)
    sizes = "; ".join(f"{size:,} MB" for size in reversed(megabytes))
    logger.info("bookmarks and restores")

    def bookmark_seconds(database: D1Api) -> float:
        return time_call(lambda: [database.bookmark() for _ in range(_BOOKMARKS)]) / _BOOKMARKS

    def write_seconds(database: D1Api) -> float:
        return time_call(lambda: database.write("INSERT INTO large VALUES ('a row')"))

    def restore_seconds(database: D1Api) -> float:
        bookmark = database.bookmark()
        database.write("DELETE FROM large WHERE rowid = 1")
        return time_call(lambda: database.restore(bookmark))

    rows = []
    for title, measured, limit, bound in (
        ("a bookmark", bookmark_seconds, 1.5, "one request: the place in the log is known"),
        ("a write", write_seconds, 1.5, "one request: the log grows by what is written"),
        (
            "a restore",
            restore_seconds,
            None,
            "the copy of the database's files on this disk, which grows with its size",
        ),
    ):
        theirs, ours = run_in_turns(runs, partial(measured, small), partial(measured, large))
        rows.append(compare(f"{title}, {sizes}", Figure("s", ours), Figure("s", theirs), bound, limit=limit))
    return rows


def _filled_database(stage: Stage, megabytes: int) -> D1Api:
    logger.info(f"creating a database of {megabytes} MB")
    database = stage.account().create("filled")
    database.write(_LARGE_TABLE)
    for start in range(0, megabytes, _STEP_MB):
        database.write(_FILL.format(min(_STEP_MB, megabytes - start)))
    return database
