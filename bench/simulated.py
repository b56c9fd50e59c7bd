"""A stand-in for D1 with any number of equal databases, in its own process: `python -m bench.simulated NUMBER`.

Databases that got the same writes share one in-memory SQLite database, and its answers are kept. So an answer costs
next to nothing, and a measurement shows what the client costs.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import sys
from functools import cache
from typing import Final
from urllib.parse import parse_qs, urlsplit

_HEAD: Final = re.compile(rb"(\w+) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CREATED: Final = "2026-01-01T00:00:00.000Z"


def database_id(number: int) -> str:
    """Return the UUID of a database."""
    return f"{number:08x}-0000-4000-8000-000000000000"


class Databases:
    """The simulated databases.

    Args:
        count: Their number.

    Attributes:
        writes: The writes that a database got, by its UUID; databases without writes are absent.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.requests = 0
        self.first: tuple[str, ...] = ()
        self.writes: dict[str, tuple[str, ...]] = {}

    def answer(self, url: str, body: bytes) -> bytes:
        """Return the HTTP response to a request."""
        self.requests += 1
        address = urlsplit(url)
        if address.path == "/requests":
            return _response(200, json.dumps(self.requests))
        if address.path == "/copy":  # all databases become like the first one
            self.first, self.writes = self.writes.get(database_id(0), ()), {}
            return _response(200, "null")
        if address.path.endswith("/d1/database"):
            query = parse_qs(address.query)
            return self._page(int(query["page"][0]), int(query["per_page"][0]))
        uuid = address.path.split("/d1/database/")[1].partition("/")[0]
        writes = self.writes.get(uuid, self.first)
        if address.path.endswith("/time_travel/bookmark"):
            return _response(200, json.dumps({"bookmark": f"{len(writes):08}-00000000-00000000-{'0' * 32}"}))
        sql = json.loads(body)["sql"]
        if sql.startswith("SELECT"):
            return _select(writes, sql)
        self.writes[uuid] = (*writes, sql)
        return _wrote(self.writes[uuid])

    def _page(self, page: int, size: int) -> bytes:
        numbers = range((page - 1) * size, min(page * size, self.count))
        databases = [
            {"uuid": database_id(number), "name": f"ours-{number:07}", "created_at": _CREATED} for number in numbers
        ]
        return _response(200, json.dumps(databases), self.count)


@cache
def _replayed(writes: tuple[str, ...]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    for script in writes:
        connection.executescript(script)
    return connection


@cache
def _select(writes: tuple[str, ...], sql: str) -> bytes:
    try:
        rows = [dict(row) for row in _replayed(writes).execute(sql)]
    except sqlite3.Error as error:
        return _response(400, "null", error=f"{error}: SQLITE_ERROR")
    return _response(200, json.dumps([{"results": rows, "success": True, "meta": {}}]))


@cache
def _wrote(writes: tuple[str, ...]) -> bytes:
    _replayed(writes)
    return _response(200, json.dumps([{"results": [], "success": True, "meta": {}}]))


def _response(status: int, result: str, total: int | None = None, error: str = "") -> bytes:
    errors = json.dumps([{"code": 7500, "message": error}] if error else [])
    info = f', "result_info": {{"total_count": {total}}}' if total is not None else ""
    body = f'{{"result": {result}, "success": {str(not error).lower()}, "errors": {errors}, "messages": []{info}}}'
    head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(body.encode())}\r\n\r\n"
    return f"{head}{body}".encode()


async def serve(databases: Databases) -> None:
    """Serve the databases on a free port, and print the address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                match = _HEAD.match(await reader.readuntil(b"\r\n\r\n"))
                if not match:
                    break
                length = _LENGTH.search(match[3])
                body = await reader.readexactly(int(length[1])) if length else b""
                writer.write(databases.answer(match[2].decode(), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=1 << 20)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Databases(int(sys.argv[1]))))
