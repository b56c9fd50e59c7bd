"""A database on an emulator in this process, and a server that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from cloudflare import Cloudflare

from emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from infra.cloudflare import D1Api
from infra.migrations.progress import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TARGET = Target("shop-db-dev", "migrations", "d1_migrations", timedelta(days=30))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[D1Api]:
    with serving(tmp_path / "emulator") as address:
        client = Cloudflare(api_token=DEFAULT_TOKEN, base_url=address.base_url)
        made = client.d1.database.create(account_id=DEFAULT_ACCOUNT_ID, name=TARGET.name)
        yield D1Api(client, DEFAULT_ACCOUNT_ID, str(made.uuid))
        client.close()


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

    def error(self, status: int, code: int, message: str) -> None:
        """Adds an error in the service's envelope."""
        errors = [{"code": code, "message": message}]
        self.answer(status, {"result": [], "success": False, "errors": errors, "messages": []})

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
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(text.encode())))
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
def failing(scripted: ScriptedCloudflare) -> Iterator[D1Api]:
    """A database whose answers the test has written."""
    with Cloudflare(api_token="a-token", base_url=scripted.base_url, max_retries=0) as client:
        yield D1Api(client, "account", "database")


@contextmanager
def _served(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
