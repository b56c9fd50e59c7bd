"""A server that answers with bytes of a test's own, as slowly as the test wants."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMPANY_CERTIFICATE = ROOT / "tests/support/tls/company.pem"
"""The certificate that has signed that of the TLS server. No machine trusts it."""

_SERVER_CERTIFICATE = ROOT / "tests/support/tls/localhost.pem"


@contextmanager
def raw_server(answer: Callable[[socket.socket, bytes], object], *, tls: bool = False) -> Iterator[int]:
    """Start a server, and return its port.

    Args:
        answer: Called with each connection and the request's head; the connection is closed afterwards.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_SERVER_CERTIFICATE)
    ended = threading.Event()

    def serve(plain: socket.socket) -> None:
        with suppress(OSError), plain:
            plain.settimeout(60)
            with context.wrap_socket(plain, server_side=True) if tls else plain as connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (piece := connection.recv(1 << 16)):
                        return
                    head += piece
                answer(connection, head)

    def accept() -> None:
        while not ended.is_set():
            with suppress(OSError):
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def http_answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
