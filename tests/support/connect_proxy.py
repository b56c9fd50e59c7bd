"""A company's proxy as a process: CONNECT and plain HTTP, with a user and password on request.

Run as `python -m tests.support.connect_proxy [USER:PASSWORD]`. It prints its port, and a line for each request: what it
was asked for, and `allowed` or `refused`. Hosts that end in `.test` are this machine.
"""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class ProxyProcess:
    """A proxy that runs."""

    process: subprocess.Popen[str]
    port: int

    def stop(self) -> list[str]:
        """End the proxy, and return the lines that it has printed."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=10)
        return output.splitlines()


@contextmanager
def proxy_process(credentials: str = "") -> Iterator[ProxyProcess]:
    """Start a proxy, and end it with the block."""
    command = [sys.executable, "-m", "tests.support.connect_proxy", credentials]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield ProxyProcess(process, int(process.stdout.readline()))
        finally:
            process.kill()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _serve(credentials: str) -> None:
    expected = f"basic {base64.b64encode(credentials.encode()).decode()}"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().splitlines()
        method, target, _ = first.split()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        scheme, _, value = headers.get("proxy-authorization", "").partition(" ")
        allowed = not credentials or f"{scheme.lower()} {value}" == expected
        print(method, target, "allowed" if allowed else "refused", flush=True)  # noqa: T201 - for the test
        if not allowed:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            writer.close()
            return
        address = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = address.rpartition(":")
        host = "127.0.0.1" if host.endswith(".test") else host
        upstream_reader, upstream_writer = await asyncio.open_connection(host, int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            upstream_writer.write(head)
        await asyncio.gather(_copy(reader, upstream_writer), _copy(upstream_reader, writer))

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - for the test
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1] if len(sys.argv) > 1 else ""))
