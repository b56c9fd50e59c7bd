"""The state folder between processes: its place, the address of its emulator, and the commands that use it."""

from __future__ import annotations

import fcntl
import json
import socket
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADDRESS: Final = ".address"
_USERS: Final = ".users"
_PROJECT: Final = "Pulumi.yaml"
_SECONDS_TO_START: Final = 10
_PAUSE: Final = 0.05


def project_folder() -> Path:
    """Return the folder of the Pulumi project around the current folder, or the current folder if there is none."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / _PROJECT).is_file()), here)


@contextmanager
def announced(state: Path, port: int, base_url: str) -> Iterator[None]:
    """Let other processes find the emulator of a folder that this process has locked.

    Args:
        state: The state folder.
    """
    file = state / _ADDRESS
    file.write_text(json.dumps({"port": port, "base_url": base_url}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def joined(state: Path) -> Iterator[str]:
    """Use the emulator of another process, and yield its base URL. A `d1 local` serves until the block ends.

    Raises:
        ConfigError: Another process has locked the folder, but no emulator answers.
    """
    with (state / _USERS).open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield _base_url(state)


def wait_for_users(state: Path) -> None:
    """Return once no other process uses the emulator."""
    with (state / _USERS).open("a") as users:
        fcntl.flock(users, fcntl.LOCK_EX)


def has_users(state: Path) -> bool:
    """Return whether another process uses the emulator."""
    with (state / _USERS).open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _base_url(state: Path) -> str:
    """Return the base URL of the folder's emulator, which may just be starting."""
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        try:
            record = json.loads((state / _ADDRESS).read_text())
            with socket.create_connection(("127.0.0.1", record["port"]), timeout=1):
                return str(record["base_url"])
        except (OSError, ValueError):  # not written yet, half written, or left by a killed emulator
            time.sleep(_PAUSE)
    raise ConfigError(f"another process has locked {state}, but its emulator does not answer: stop that process")
