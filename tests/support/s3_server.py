"""Run a real S3 server (versitygw) on the files of a folder."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support import installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "backups"
_SECONDS = 10


@dataclass(frozen=True)
class S3Server:
    """A running server with one bucket.

    Attributes:
        folder: The files of the bucket.
    """

    folder: Path
    process: subprocess.Popen[bytes]
    address: str
    key: str
    secret: str

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of its clients."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_ENDPOINT_URL": f"http://{self.address}",
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def serving(folder: Path) -> Iterator[S3Server]:
    """Run a server in the block, on the files that an earlier one left."""
    program = installed.s3_server()
    (folder / "buckets" / BUCKET).mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    key, secret = secrets.token_hex(10), secrets.token_hex(20)
    options = ("--access", key, "--secret", secret, "--port", address, "--quiet")
    command = [str(program), *options, "posix", str(folder / "buckets")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(address, process)
        yield S3Server(folder / "buckets" / BUCKET, process, address, key, secret)
    finally:
        process.kill()
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            assert process.poll() is None, "the S3 server has ended"
            assert time.monotonic() < deadline, "the S3 server does not answer"
            time.sleep(0.05)
        else:
            return
