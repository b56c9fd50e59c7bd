"""The state folder: who may serve it, and what a kill may leave in it."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK: Final = ".lock"  # account ids cannot start with a dot
CREATING: Final = ".creating"
"""Suffix of a database's folder until all of its files are there."""
DELETED: Final = ".deleted"
"""Suffix of a database's folder from the moment that it no longer exists."""


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the state folder, made if need be, for this process alone. A process that dies lets go of it.

    Raises:
        ConfigError: another process serves the folder, or it cannot be made.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        file = (state / _LOCK).open("wb")
    except OSError as error:
        raise ConfigError(f"the state folder {state} cannot be used: {error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"another emulator serves the state folder {state}; stop that one, or choose another folder"
            ) from error
        yield


def database_folders(state: Path) -> list[Path]:
    """List the folders of all databases, after removing those that a kill left half made or half deleted."""
    folders = []
    for folder in sorted(state.glob("[!.]*/*")):
        if folder.suffix in {CREATING, DELETED}:
            shutil.rmtree(folder)
        elif folder.is_dir():
            folders.append(folder)
    return folders
