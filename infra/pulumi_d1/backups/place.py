"""The folder or object store that a setting or an option names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from pulumi_d1.backups.folder import Folder
from pulumi_d1.backups.names import parse_name
from pulumi_d1.backups.object_store import SCHEMES, open_store
from pulumi_d1.errors import BackupFailed, ConfigError
from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from pulumi_d1.backups.names import BackupName

LATEST: Final = "latest"
"""Name that stands for the newest backup of a database."""

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://")
_NOT_A_PLACE: Final = re.compile(r"[?#]|://[^/]*@")


class Place(Protocol):
    """Backups, which appear when they are complete. Every method raises BackupFailed or OSError."""

    @property
    def workspace(self) -> Path:
        """The folder of temporary files."""

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of each backup, by name."""

    def start(self, name: str, size: int) -> bytes:
        """Return the first bytes of a backup."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a backup as a file that can seek."""

    def save(self, name: str, pieces: Iterable[bytes]) -> None:
        """Store a backup, completely or not at all."""

    def delete(self, name: str) -> None:
        """Delete a backup."""


def place_of(text: str, root: Path) -> Place:
    """Return the folder, or the object store behind a URL.

    Args:
        root: The folder that a relative path belongs to.

    Raises:
        ConfigError: The URL is of another kind, invalid or has credentials, or obstore is not installed.
    """
    scheme = _SCHEME.match(text)
    if not scheme:
        return Folder(root / text)
    if _NOT_A_PLACE.search(text):  # not printed: it may be secret
        raise ConfigError(
            f"{scheme[0]}...: the URL of backups has a bucket and a folder and nothing else: put credentials into the "
            "environment"
        )
    if scheme[1] not in SCHEMES:
        kinds = ", ".join(f"{name}://" for name in SCHEMES)
        raise ConfigError(f"{escape_line(text)}: backups are stored in a folder, or at a URL that begins with {kinds}")
    return open_store(text)


def backups_of(place: Place, database: str) -> list[BackupName]:
    """Return the backups of a database, oldest first."""
    names = (name for text in place.sizes() if (name := parse_name(text)))
    return sorted((name for name in names if name.database == database), key=lambda name: name.age)


def find_backup(place: Place, text: str, database: str) -> str:
    """Return the name of a backup.

    Args:
        text: Its name, or LATEST.

    Raises:
        BackupFailed: There is no such backup.
    """
    if text == LATEST:
        if not (names := backups_of(place, database)):
            raise BackupFailed(f"{place} has no backup of {database}: make one with 'd1 backup create'")
        return names[-1].text
    if text not in place.sizes():
        raise BackupFailed(f"{place} has no backup {escape_line(text)}: 'd1 backup list' shows what there is")
    return text
