"""A database as a file of SQL, written before the database is deleted."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from pulumi_d1.errors import ApiError
from pulumi_d1.system.files import sync

if TYPE_CHECKING:
    from io import BufferedRandom
    from typing import BinaryIO


_END: Final = 16  # bytes, of which a semicolon and a few line ends are a part


class Exportable(Protocol):
    """What can be exported: see pulumi_d1.cloudflare.database.D1Api."""

    def export(self, file: BinaryIO) -> None:
        """Writes the database to `file` as SQL. Raises ApiError."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export that lies on the disk.

    Attributes:
        path: of the file.
        size: in bytes.
        sha256: of its content, in hexadecimal.
    """

    path: Path
    size: int
    sha256: str


def save(database: Exportable, folder: Path, name: str) -> Export:
    """Exports `database` to `folder`/`name`-TIME.sql, whole or not at all; nobody but its owner can read it.

    A folder that is not there is made, with a .gitignore in it: an export holds rows.

    Args:
        database: the database.
        folder: where the file goes.
        name: what it begins with.

    Raises:
        ApiError: the database can't be exported, or what came is not whole.
        OSError: the file can't be written.
    """
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
        (folder / ".gitignore").write_text("*\n")
    target = folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sql"
    descriptor, unfinished = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w+b") as file:
            database.export(file)
            file.flush()
            os.fsync(file.fileno())  # the database goes as soon as this returns
            digest, size = _measured(file)
        os.replace(unfinished, target)  # noqa: PTH105 - the atomic form
        sync(folder)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return Export(target, size, digest)


def _measured(file: BufferedRandom) -> tuple[str, int]:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not (size := file.tell()):
        raise ApiError("Cloudflare gave an empty export")
    file.seek(-min(size, _END), os.SEEK_END)
    if not file.read().rstrip().endswith(b";"):
        raise ApiError("the export is not whole: it does not end with the end of a statement")
    return digest, size
