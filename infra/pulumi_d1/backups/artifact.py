"""A backup as a file: SQL, compressed by gzip in two members, the description and the script.

Any tool unpacks both as one file of SQL. The description is written last, when digests and sizes are known, and comes
first, so that a list reads only the start of each file.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.backups.manifest import TITLE, Manifest, header_text, parse_header
from pulumi_d1.errors import BackupDamaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

CHUNK: Final = 1 << 20
HEADER_BYTES: Final = 64_000
"""Bytes at the start of a file that contain the description of most backups."""

_LEVEL: Final = 3
_GZIP: Final = 31  # zlib's number for the format of gzip


@dataclass(slots=True)
class CompressedScript:
    """A script that is compressed while it is written.

    Attributes:
        file: A temporary file.
        size: Number of bytes that were written.
    """

    file: BinaryIO
    size: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, lines: Iterable[bytes]) -> None:
        """Write the script, in place of an earlier one."""
        self.file.seek(0)
        self.file.truncate()
        self.size, self.digest = 0, hashlib.sha256()
        with gzip.GzipFile(fileobj=self.file, mode="wb", compresslevel=_LEVEL, mtime=0) as compressed:
            for line in lines:
                self.size += len(line)
                self.digest.update(line)
                compressed.write(line)

    def artifact(self, manifest: Manifest) -> Iterator[bytes]:
        """Yield the backup, in pieces."""
        yield gzip.compress(header_text(manifest).encode(), mtime=0)
        self.file.seek(0)
        while piece := self.file.read(CHUNK):
            yield piece


def read_manifest(start: bytes) -> Manifest | None:
    """Return the manifest in the first bytes of a backup; None if they are too few.

    Raises:
        BackupDamaged: They are not of a backup.
    """
    header = _Header()
    header.add(start)
    return header.manifest if header.is_complete else None


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is open.

    Attributes:
        file: It as a file, which can seek.
        offset: Number of bytes before the compressed script.
    """

    file: BinaryIO
    manifest: Manifest
    offset: int

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the script.

        Raises:
            BackupDamaged: It is incomplete or was changed; raised after the last line.
        """
        self.file.seek(self.offset)
        digest, size = hashlib.sha256(), 0
        try:
            with gzip.GzipFile(fileobj=self.file, mode="rb") as script:
                for line in script:
                    digest.update(line)
                    size += len(line)
                    yield line
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BackupDamaged(f"is damaged: it is incomplete or was changed ({error})") from error
        if (size, digest.hexdigest()) != (self.manifest.script_bytes, self.manifest.script_sha256):
            raise BackupDamaged("is damaged: its script is not the one that was written")

    def text(self) -> Iterator[str]:
        """Yield the lines of the script as text.

        Raises:
            BackupDamaged: As `lines`.
        """
        try:
            yield from (line.decode() for line in self.lines())
        except UnicodeDecodeError as error:
            raise BackupDamaged("is damaged: its script is not UTF-8 text") from error

    def unpack(self, file: BinaryIO) -> None:
        """Write the script to a file.

        Raises:
            BackupDamaged: As `lines`; the file has a part of the script.
        """
        file.writelines(self.lines())


def open_backup(file: BinaryIO) -> Backup:
    """Return a backup with its manifest.

    Raises:
        BackupDamaged: The file is no backup.
    """
    header = _Header()
    while piece := file.read(HEADER_BYTES):
        header.add(piece)
        if header.is_complete:
            return Backup(file, header.manifest, header.size)
    raise BackupDamaged("is damaged: it ends before its script" if header.size else "is empty")


@dataclass(slots=True)
class _Header:
    """The member that contains the manifest, read in pieces.

    Attributes:
        size: Number of bytes that were read, without those after its end.
    """

    size: int = 0
    text: bytes = b""
    member: Any = field(default_factory=lambda: zlib.decompressobj(_GZIP))

    def add(self, piece: bytes) -> None:
        """Read a piece.

        Raises:
            BackupDamaged: It is not of a backup.
        """
        try:
            self.text += self.member.decompress(piece)
        except zlib.error as error:
            raise BackupDamaged("is no backup of d1: it is not compressed by gzip") from error
        self.size += len(piece) - len(self.member.unused_data)
        if not TITLE.startswith(self.text[: len(TITLE)]):
            raise BackupDamaged("is no backup of d1: it has no description")

    @property
    def is_complete(self) -> bool:
        """True if its end was read."""
        return bool(self.member.eof)

    @property
    def manifest(self) -> Manifest:
        """The manifest.

        Raises:
            BackupDamaged: There is none.
        """
        return parse_header(self.text)
