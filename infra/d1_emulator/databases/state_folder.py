"""The state folder: its lock, leftovers of a kill, and database.json."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from pulumi_d1.errors import ConfigError, FolderInUse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK: Final = ".lock"  # account ids cannot start with a dot
_RECORD: Final = "database.json"
_PRIVATE: Final = 0o700  # a database may hold a copy of production's rows
CREATING: Final = ".creating"
"""Suffix of a database's folder until it has all of its files."""
DELETED: Final = ".deleted"
"""Suffix of a database's folder once the database is deleted."""


@dataclass(frozen=True, slots=True)
class DatabaseRecord:
    """A database's properties other than its content.

    Attributes:
        uuid: The id, in lower case, with hyphens.
        name: The name, unique in its account.
        created_at: The time of creation: ISO 8601, UTC, milliseconds.
        region: The service's name for the place, such as "WEUR". It has no effect here.
        jurisdiction: "eu", "fedramp", "us" or None.
        replication: The mode of the read replication, "auto" or "disabled". It has no effect here.
    """

    uuid: str
    name: str
    created_at: str
    region: str
    jurisdiction: str | None
    replication: str


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Reserve the state folder, created if missing, for this process. The lock ends with the process.

    Raises:
        FolderInUse: Another process serves the folder.
        ConfigError: The folder cannot be created.
    """
    lock = FileLock(state / _LOCK)
    try:
        state.mkdir(_PRIVATE, parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        raise FolderInUse(
            f"another emulator serves the state folder {state}; stop that one, or choose another folder"
        ) from None
    except OSError as error:
        raise ConfigError(f"the state folder {state} cannot be used: {error}") from error
    try:
        yield
    finally:
        lock.release()


def database_folders(state: Path) -> list[Path]:
    """Return the folders of all databases, after removing those that a kill left half created or half deleted."""
    folders = []
    for folder in sorted(state.glob("[!.]*/*")):
        if folder.suffix in {CREATING, DELETED}:
            shutil.rmtree(folder)
        elif folder.is_dir():
            folders.append(folder)
    return folders


def read_record(folder: Path) -> DatabaseRecord:
    """Read the record of the database in a folder.

    Raises:
        ConfigError: The file is missing or damaged.
    """
    path = folder / _RECORD
    try:
        return DatabaseRecord(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read as the record of a database ({error}); remove {folder}") from error


def write_record(folder: Path, record: DatabaseRecord) -> None:
    """Write the record in one step, so that a reader always finds the old one or the new one."""
    temporary = folder / f"{_RECORD}.new"
    temporary.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / _RECORD)
