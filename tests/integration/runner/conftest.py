"""Databases for the runner's tests."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.cloudflare.database import D1Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from tests.support.runner import TARGET, ScriptedCloudflare, Waiting


@pytest.fixture
def waiting(messages: list[str]) -> Waiting:
    return Waiting(messages)


@pytest.fixture
def database(tmp_path: Path, waiting: Waiting) -> Iterator[D1Api]:
    with serving(tmp_path / "emulator") as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        yield Account(client, DEFAULT_ACCOUNT_ID, waiting.retry).create(TARGET.name)
        client.pool.clear()


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
            """Print nothing."""

    with _served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        script.base_url = f"http://127.0.0.1:{port}/client/v4"
        yield script
    assert script.answers == [], "every answer was used"


@pytest.fixture
def failing(scripted: ScriptedCloudflare, waiting: Waiting) -> Iterator[D1Api]:
    """Return a database whose answers the test has written."""
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
