"""Write a database to a file of SQL before it is deleted."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from pulumi_d1.errors import ApiError
from pulumi_d1.system.files import replacing, sync_folder

if TYPE_CHECKING:
    from io import BufferedRandom
    from pathlib import Path
    from typing import BinaryIO


_END: Final = 16  # bytes; enough for a semicolon and a few line ends


class Exportable(Protocol):
    """A database that can write itself to a file, such as pulumi_d1.cloudflare.database.D1Api."""

    def export(self, file: BinaryIO) -> None:
        """Write the database to `file` as SQL."""


@dataclass(frozen=True, slots=True)
class Export:
    """A complete export on disk.

    Attributes:
        size: Size in bytes.
        sha256: Hex digest of the content.
    """

    path: Path
    size: int
    sha256: str


def save(database: Exportable, folder: Path, name: str) -> Export:
    """Export `database` to `folder`/`name`-TIME.sql, completely or not at all; only its owner can read the file.

    Creates the folder if necessary, with a .gitignore in it: an export contains rows.

    Raises:
        ApiError: The database cannot be exported, or the export is incomplete.
        OSError: The file cannot be written.
    """
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
        (folder / ".gitignore").write_text("*\n")
    target = folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sql"
    with replacing(target) as file:
        database.export(file)
        file.flush()
        os.fsync(file.fileno())  # the database is deleted as soon as this returns
        digest, size = _measured(file)
    sync_folder(folder)
    return Export(target, size, digest)


def _measured(file: BufferedRandom) -> tuple[str, int]:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not (size := file.tell()):
        raise ApiError("Cloudflare returned an empty export")
    file.seek(-min(size, _END), os.SEEK_END)
    if not file.read().rstrip().endswith(b";"):
        raise ApiError("the export is incomplete: it does not end with a complete statement")
    return digest, size
