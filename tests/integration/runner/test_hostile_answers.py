"""Each answer has a deadline and a size limit. Breaking them is one of our errors: an unknown outcome."""

from __future__ import annotations

import gzip
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare import client as client_module
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.cloudflare.database import D1Api
from pulumi_d1.cloudflare.retry import ATTEMPTS
from pulumi_d1.errors import NotSent, OutcomeUnknown, ResultTooLarge
from tests.support.raw_server import http_answer, raw_server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator

    from tests.support.runner import Waiting

    Answer = Callable[[socket.socket, bytes], object]

SECONDS = 0.4
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"
ENDLESS = HEAD.replace(b"1000", b"%d" % (1 << 40))
ROWS = b'{"result": [{"results": [], "success": true}], "success": true, "errors": []}'


def api(port: int, waiting: Waiting) -> D1Api:
    client = replace(make_client("a-token", base_url=f"http://127.0.0.1:{port}"), timeout=SECONDS)
    return D1Api(client, "account", "database", waiting.retry)


def slowly(pieces: Iterable[bytes]) -> Answer:
    """Send a piece more often than the silence that ends an answer, until the client has gone away."""

    def answer(connection: socket.socket, _: bytes) -> None:
        for piece in pieces:
            connection.sendall(piece)
            threading.Event().wait(SECONDS / 20)

    return answer


def endless(start: bytes, rest: bytes) -> Iterator[bytes]:
    yield start
    while True:
        yield rest


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (b"H", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nx: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (HEAD.replace(b"1000", b"999999"), b" "),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"["),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"trailer: x\r\n"),
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 9999\r\n\r\n", b"x"),
    ],
)
def test_an_answer_that_arrives_byte_by_byte_ends_at_its_deadline(waiting: Waiting, start: bytes, rest: bytes) -> None:
    with raw_server(slowly(endless(start, rest))) as port, pytest.raises(OutcomeUnknown, match="it takes too long"):
        api(port, waiting).write("SELECT 1")


def test_a_server_that_reads_no_request_ends_at_the_deadline(waiting: Waiting) -> None:
    def stall(_: socket.socket, __: bytes) -> None:
        threading.Event().wait(SECONDS * 4)

    with raw_server(stall) as port, pytest.raises(OutcomeUnknown, match="it takes too long"):
        api(port, waiting).write("SELECT 1 -- " + "x" * (16 << 20))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([], b" " * 300_000),
        (["content-encoding: gzip"], gzip.compress(b" " * 300_000, mtime=0)),
        (["content-encoding: gzip, gzip"], gzip.compress(gzip.compress(b" " * 3_000_000, mtime=0), mtime=0)),
        (["content-encoding: gzip"], gzip.compress(b"[" * 300_000, mtime=0)),
    ],
)
def test_an_answer_that_is_too_large_is_not_read_to_its_end_nor_requested_again(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch, headers: list[str], body: bytes
) -> None:
    monkeypatch.setattr(client_module, "ANSWER_BYTES", 1 << 17)
    requests: list[bytes] = []

    def answer(connection: socket.socket, head: bytes) -> None:
        requests.append(head)
        while b"SELECT 1" not in head:  # a close with unread data would reset the connection before it is answered
            head += connection.recv(1 << 16)
        connection.sendall(http_answer(body, *headers))

    with raw_server(answer) as port, pytest.raises(ResultTooLarge, match="the answer is larger than 0 MB"):
        api(port, waiting).read("SELECT 1")
    assert len(requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00" * 1000,
        b"HTTP/9.9 banana\r\n\r\n",
        b"HTTP/1.1 99999 x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://login.invalid\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n" + ROWS[:-1],
        b"HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\n" + ROWS,
        HEAD + ROWS,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n" + ROWS,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n" + ROWS,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n" + ROWS,
        http_answer(b"no gzip", "content-encoding: gzip"),
        http_answer(gzip.compress(ROWS, mtime=0)[:-12], "content-encoding: gzip"),
        http_answer(ROWS, "content-encoding: " + ", ".join(["gzip"] * 50)),
        http_answer(b"[" * 1_000_000),
        http_answer(b'{"a":' * 100_000),
        http_answer(b'{"result": ' + b"9" * 5_000 + b', "success": true}'),
        http_answer(b'{"result": NaN, "success": true}'),
        http_answer(b'{"result": "\\ud800", "success": true}'),
        http_answer(b"\xef\xbb\xbf" + ROWS),
        http_answer(ROWS.decode().encode("utf-16")),
        http_answer(b"\xff\xfe{"),
        http_answer(ROWS, status="302 Found"),
    ],
)
def test_an_answer_that_is_not_cloudflares_is_an_unknown_outcome_in_one_line(waiting: Waiting, answer: bytes) -> None:
    with raw_server(lambda connection, _: connection.sendall(answer)) as port:
        with pytest.raises(OutcomeUnknown) as caught:
            api(port, waiting).write("SELECT 1")
        with pytest.raises(OutcomeUnknown):
            api(port, waiting).read("SELECT 1")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert len(waiting.seconds) == ATTEMPTS - 1


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        [],
        [None],
        [{}],
        [{"success": 1, "results": []}],
        [{"success": "true"}],
        [{"success": True, "results": 7}],
        [{"success": True, "results": "rows"}],
        [{"success": True, "results": {"columns": [], "rows": []}}],
        [{"success": True, "results": [[1]]}],
        [{"success": True, "results": [None]}],
    ],
)
def test_a_result_of_another_shape_is_an_unknown_outcome(waiting: Waiting, result: Any) -> None:
    body = json.dumps({"result": result, "success": True, "errors": []}).encode()
    with raw_server(lambda connection, _: connection.sendall(http_answer(body))) as port, pytest.raises(OutcomeUnknown):
        api(port, waiting).write("SELECT 1")


@pytest.mark.parametrize(
    "url",
    ["", "x", "file:///etc/passwd", "ftp://host/f", "http://", "http://[", "http://[::1", "http://a:b/", "http://a b/",
     "http://\ud800/", "http://" + "x" * 300, "http://127.0.0.1:99999/", "http://127.0.0.1:9/", "gopher:[", "http:///x"],
)  # fmt: skip
def test_a_malformed_address_of_a_file_is_our_error(waiting: Waiting, url: str) -> None:
    client = api(9, waiting).client
    with pytest.raises((OutcomeUnknown, NotSent)) as caught:
        list(client.download(url))
    assert str(caught.value).isprintable()


def test_a_compressed_answer_is_read(waiting: Waiting) -> None:
    body = http_answer(gzip.compress(ROWS, mtime=0), "content-encoding: gzip")
    with raw_server(lambda connection, _: connection.sendall(body)) as port:
        assert api(port, waiting).read("SELECT 1") == ()


def flood(connection: socket.socket, _: bytes) -> None:
    """Send without a pause, until the client has gone away."""
    connection.sendall(ENDLESS)
    while True:
        connection.sendall(b"-" * (1 << 20))


@pytest.mark.parametrize("answer", [slowly(endless(ENDLESS, b"-- ")), flood], ids=["slow", "without a pause"])
def test_a_download_that_does_not_end_is_stopped(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(client_module, "TRANSFER_SECONDS", SECONDS)
    with raw_server(answer) as port:
        client = api(port, waiting).client
        with pytest.raises(OutcomeUnknown, match="the answer broke off: it takes too long"):
            for _ in client.download(f"http://127.0.0.1:{port}/file"):
                pass
