"""Connections are kept open and used again."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.cloudflare.database import D1Api

ROWS = b'{"result": [{"results": [], "success": true}], "success": true, "errors": []}'


def test_requests_one_after_another_use_one_connection() -> None:
    connections: set[object] = set()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # which keeps connections open

        def do_POST(self) -> None:
            connections.add(self.connection)
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", str(len(ROWS)))
            self.end_headers()
            self.wfile.write(ROWS)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        database = D1Api(make_client("a-token", base_url=f"http://127.0.0.1:{server.server_port}"), "account", "id")
        for _ in range(3):
            database.write("SELECT 1")
        database.client.pool.clear()
        server.shutdown()
        thread.join()
    assert len(connections) == 1
