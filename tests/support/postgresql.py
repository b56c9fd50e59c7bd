"""A real PostgreSQL: its own cluster on 127.0.0.1 in a temporary folder, by a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.installed import skip_test

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 30


class Cluster:
    """A cluster that can be killed and started again.

    Attributes:
        url: The URL of its database.
    """

    def __init__(self, binaries: Path, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._binaries, self._folder = binaries, folder
        # PostgreSQL refuses to run as root; its Debian package brings a user.
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            self._user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        options = ("-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
        subprocess.run(
            [binaries / "initdb", "-D", folder / "data", *options],
            check=True,
            capture_output=True,
            cwd=folder,
            **self._user,
        )

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = (
            "-p",
            str(self.port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
        )
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            with (self._folder / "log").open("a") as log:
                self._process = subprocess.Popen(
                    [self._binaries / "postgres", "-D", self._folder / "data", *options],
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    cwd=self._folder,
                    **self._user,
                )
            while self._process.poll() is None and time.monotonic() < end:
                command = [str(self._binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
                if subprocess.run(command, check=False).returncode == 0:
                    return
                time.sleep(0.1)
            time.sleep(0.2)  # after a kill, the old server's children still hold its memory
        raise AssertionError((self._folder / "log").read_text())

    def kill(self) -> None:
        """Kill the server as a crash would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop the server."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_SECONDS)


@contextmanager
def serving() -> Iterator[Cluster]:
    """Run a cluster while the block runs.

    If PostgreSQL is missing, the test is skipped; with D1_REQUIRE_CLIENTS=1 it fails.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    if not (binary := found[-1] if found else Path(on_path) if on_path else None):
        skip_test("NOT TESTED WITH POSTGRESQL: it is not installed (Debian, Ubuntu: apt install postgresql)")
    assert binary is not None
    folder = Path(tempfile.mkdtemp(prefix="d1-postgresql-"))
    try:
        cluster = Cluster(binary.parent, folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)
