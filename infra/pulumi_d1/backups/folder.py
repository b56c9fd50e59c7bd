"""Backups in a folder. A file appears when it is complete, and only its owner can read it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.backups.names import SUFFIX
from pulumi_d1.system.files import replacing, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of backups."""

    path: Path

    def __str__(self) -> str:
        """Return the folder's path."""
        return str(self.path)

    @property
    def workspace(self) -> Path:
        """The folder of temporary files. Created if necessary, with a .gitignore: backups contain rows."""
        if not self.path.exists():
            self.path.mkdir(parents=True, mode=0o700)
            (self.path / ".gitignore").write_text("*\n")
        return self.path

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of each backup, by name."""
        if not self.path.exists():
            return {}
        return {
            file.name: file.stat().st_size
            for file in sorted(self.path.iterdir())
            if file.name.endswith(SUFFIX) and not file.name.startswith(".")
        }

    def start(self, name: str, size: int) -> bytes:
        """Return the first bytes of a backup."""
        with (self.path / name).open("rb") as file:
            return file.read(size)

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a backup."""
        return (self.path / name).open("rb")

    def save(self, name: str, pieces: Iterable[bytes]) -> None:
        """Store a backup, completely or not at all."""
        with replacing(self.workspace / name) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.path)

    def delete(self, name: str) -> None:
        """Delete a backup."""
        (self.path / name).unlink()
