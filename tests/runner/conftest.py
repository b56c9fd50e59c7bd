"""A database on an emulator in this process, and a server that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from infra.cloudflare.account import Account
from infra.cloudflare.client import make_client
from infra.cloudflare.database import D1Api
from infra.migrations.ledger import create
from infra.migrations.review.review import unrehearsed
from infra.migrations.run.progress import Target
from infra.migrations.run.runner import Report, applied, apply
from infra.retry import ATTEMPTS, Retry
from tests import faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from infra.cloudflare.database import Database
    from infra.migrations.folder import Migration

TARGET = Target("shop-db-dev", "migrations", "d1_migrations", timedelta(days=30))


def apply_files(
    database: Database,
    files: Sequence[Migration],
    target: Target = TARGET,
    *,
    known: Sequence[str] | None = None,
    recorded: Mapping[str, str] = MappingProxyType({}),
    **options: Any,
) -> Report:
    """Applies files without a rehearsal, so that what is broken meets the server; `known` is the ledger as it was."""
    names = applied(database, target.table) if known is None else known
    return apply(database, unrehearsed(files, names, recorded, "the test leaves it out"), target, **options)


@dataclass
class Waiting:
    """Takes the place of waiting.

    Attributes:
        seconds: each wait that was asked for.
        said: each line that was said meanwhile.
    """

    seconds: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def retry(self) -> Retry:
        return Retry(self.said.append, self.seconds.append, lambda: 1.0)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def database(tmp_path: Path, waiting: Waiting) -> Iterator[D1Api]:
    with serving(tmp_path / "emulator") as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        yield Account(client, DEFAULT_ACCOUNT_ID, waiting.retry).create(TARGET.name)
        client.pool.clear()


def arrange(database: D1Api, **behaviour: Any) -> None:
    """Sets what the emulator does on purpose."""
    faults.arrange(database.client, **behaviour)


@dataclass
class ScriptedCloudflare:
    """Stands in for Cloudflare where the real service, and the emulator, can't be made to fail as the test needs.

    Attributes:
        answers: what it answers, in order: status, headers and body; None drops the connection.
        requests: method, path and body of each request that it got.
        base_url: its address; set by the fixture.
    """

    answers: list[tuple[int, dict[str, str], str] | None] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    base_url: str = ""

    def answer(self, status: int, body: Any, **headers: str) -> None:
        """Adds an answer; a body that is no text becomes JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append((status, headers, text))

    def rows(self, *rows: dict[str, Any]) -> None:
        """Adds the answer to a query that gives `rows`."""
        item = {"results": list(rows), "success": True, "meta": {}}
        self.answer(200, {"result": [item], "success": True, "errors": [], "messages": []})

    def error(self, status: int, code: int, message: str, **headers: str) -> None:
        """Adds an error in the service's envelope."""
        errors = [{"code": code, "message": message}]
        self.answer(status, {"result": [], "success": False, "errors": errors, "messages": []}, **headers)

    def ledger(self, *names: str) -> None:
        """Adds the answer to a reading of the ledger."""
        self.rows(*({"id": number, "name": name} for number, name in enumerate(names, 1)))

    def no_ledger(self) -> None:
        """Adds the answers to a reading of a ledger that is not there."""
        self.error(400, 7500, "no such table: d1_migrations: SQLITE_ERROR")
        self.rows()

    def verified(self, *names: str) -> None:
        """Adds the answers to the reading of schema and ledger at the end of a run."""
        table = {"type": "table", "name": TARGET.table, "tbl_name": TARGET.table}
        ledger = ({"type": None, "name": name} for name in names)
        self.rows({**table, "sql": create(TARGET.table)}, *ledger)

    def bookmark(self, bookmark: str) -> None:
        """Adds the answer to the question for a bookmark."""
        self.answer(200, {"result": {"bookmark": bookmark}, "success": True, "errors": [], "messages": []})

    def outage(self) -> None:
        """Adds an error as often as a read asks."""
        for _ in range(ATTEMPTS):
            self.error(500, 7500, "still down")

    def drop(self) -> None:
        """Adds a connection that ends without an answer."""
        self.answers.append(None)


@pytest.fixture
def scripted() -> Iterator[ScriptedCloudflare]:
    script = ScriptedCloudflare()

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            script.requests.append((self.command, self.path, body))
            answer = script.answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, headers, text = answer
            length = {"content-length": str(len(text.encode()))}
            self.send_response(status)
            for name, value in ({"content-type": "application/json"} | length | headers).items():
                if value:  # an empty one leaves it out
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = _reply  # noqa: N815 - named by http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
            """Says nothing."""

    with _served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        script.base_url = f"http://127.0.0.1:{port}/client/v4"
        yield script
    assert script.answers == [], "every answer was asked for"


@pytest.fixture
def failing(scripted: ScriptedCloudflare, waiting: Waiting) -> Iterator[D1Api]:
    """A database whose answers the test has written."""
    client = make_client("a-token", base_url=scripted.base_url)
    yield D1Api(client, "account", "database", waiting.retry)
    client.pool.clear()


@contextmanager
def _served(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
