"""The files of a database: numbered segments, each a SQLite base file and its write-ahead log (WAL).

The WAL is never checkpointed into its base file, so each earlier state remains: it is the base file, and the WAL up to
the last frame of a commit. Sizes are those of SQLite's file format documentation ("WAL-mode File Format"): a WAL has a
header of 32 bytes, and each frame has 24 bytes and a page.
"""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.sqlite.sandbox import apply_rules

if TYPE_CHECKING:
    from pathlib import Path

    from d1_emulator.timetravel.bookmarks import Moment

_NAME: Final = re.compile(r"([0-9a-f]{8})\.sqlite")
_PAGE_BYTES: Final = 4096
_WAL_HEADER_BYTES: Final = 32
_FRAME_BYTES: Final = 24 + _PAGE_BYTES
_COPY_BYTES: Final = 1024 * 1024
_MAX_REMAINS_BYTES: Final = 16 * 1024 * 1024

# Like the service's, it is listed in sqlite_master and cannot be read.
_OWN_TABLE: Final = "CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"


class Segments:
    """The folder `segments/` of one database. Not safe for threads: its owner holds a lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create_first(self) -> int:
        """Create segment 1, an empty database as the service creates it. Returns the frames in its WAL."""
        self._folder.mkdir(parents=True)
        connection = _connect(self._path(1), apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}; PRAGMA journal_mode = WAL")
        connection.execute(_OWN_TABLE)
        frames = _frames(connection)
        connection.close()
        return frames

    def path(self, number: int) -> str:
        """Return the path of a segment, for `connect`."""
        return str(self._path(number))

    def shorten(self, moment: Moment) -> None:
        """Remove what follows a moment's last frame in its WAL: a large transaction that was not committed."""
        wal = self._beside(moment.segment, "-wal")
        size = _wal_bytes(moment.frame)
        if wal.exists() and wal.stat().st_size > size + _MAX_REMAINS_BYTES:
            os.truncate(wal, size)

    def has(self, moment: Moment) -> bool:
        """Return whether all files of a moment exist."""
        if not self._path(moment.segment).exists():
            return False
        wal = self._beside(moment.segment, "-wal")
        return moment.frame == 0 or (wal.exists() and wal.stat().st_size >= _wal_bytes(moment.frame))

    def wal_bytes(self, moment: Moment) -> int:
        """Return the size of the WAL that a moment needs, in bytes."""
        return _wal_bytes(moment.frame)

    def base_bytes(self, number: int) -> int:
        """Return the size of a segment's base file, in bytes."""
        return self._path(number).stat().st_size

    def branch(self, moment: Moment, number: int) -> None:
        """Create segment `number` as a copy of the database at a moment. No other file changes."""
        shutil.copyfile(self._path(moment.segment), self._path(number))
        if moment.frame:
            _copy_start(self._beside(moment.segment, "-wal"), self._beside(number, "-wal"), _wal_bytes(moment.frame))

    def branch_checkpointed(self, moment: Moment, number: int) -> None:
        """Create segment `number` as `branch` does, and checkpoint its WAL into its base file."""
        self.branch(moment, number)
        connection = _connect(self._path(number), apsw.SQLITE_OPEN_READWRITE)
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        connection.close()

    def set_aside(self, number: int) -> None:
        """Rename a segment that no longer matches its history, so that nothing is restored from it."""
        self._path(number).rename(self._beside(number, ".damaged"))

    def remove_after(self, number: int) -> None:
        """Delete segments later than this one: a kill left them before they were in the history."""
        for path in self._folder.iterdir():
            name = _NAME.match(path.name)
            if name and int(name[1], 16) > number:
                path.unlink()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08x}.sqlite"

    def _beside(self, number: int, suffix: str) -> Path:
        return self._folder / f"{number:08x}.sqlite{suffix}"


def connect(path: str) -> tuple[apsw.Connection, int]:
    """Open a segment under D1's rules. SQLite recovers its WAL, and drops half of a commit that a kill left.

    Returns:
        The connection, and the committed frames in the WAL.

    Raises:
        apsw.Error: The file is missing, or not a database.
    """
    connection = _connect(path, apsw.SQLITE_OPEN_READWRITE)
    connection.execute("PRAGMA schema_version").get  # noqa: B018 - a read makes SQLite recover the WAL now
    apply_rules(connection)
    return connection, _frames(connection)


def _frames(connection: apsw.Connection) -> int:
    # Opening and closing the -shm file would drop SQLite's own locks on it.
    frames, _ = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
    return frames


def _connect(path: Path | str, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags)
    connection.wal_autocheckpoint(0)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    # A killed process loses none of its writes. Only a power cut could, which an emulator need not survive.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _wal_bytes(frames: int) -> int:
    return _WAL_HEADER_BYTES + frames * _FRAME_BYTES if frames else 0


def _copy_start(source: Path, target: Path, size: int) -> None:
    """Copy the first `size` bytes of a file."""
    with source.open("rb") as reader, target.open("wb") as writer:
        while size and (block := reader.read(min(size, _COPY_BYTES))):
            writer.write(block)
            size -= len(block)
