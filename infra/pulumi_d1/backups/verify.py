"""Verify a backup: load it into a local D1, and compare that with the manifest."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pulumi_d1.backups.artifact import HEADER_BYTES, open_backup, read_manifest
from pulumi_d1.backups.create import create_backup
from pulumi_d1.copying.contents import read_contents
from pulumi_d1.copying.local import loaded
from pulumi_d1.copying.orphans import find_orphans
from pulumi_d1.errors import ApiError, BackupDamaged, BackupFailed, ConfigError, CopyFailed, SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.messages import hide_values
from pulumi_d1.system.log import reported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.backups.artifact import Backup
    from pulumi_d1.backups.create import BackupSource, StoredBackup
    from pulumi_d1.backups.manifest import Manifest
    from pulumi_d1.backups.place import Place
    from pulumi_d1.copying.local import LocalD1


@contextmanager
def opened(place: Place, name: str) -> Iterator[Backup]:
    """Open a backup, and add its name to errors.

    Raises:
        BackupDamaged: It is no backup, or the block finds it damaged.
        BackupFailed: It cannot be read.
    """
    try:
        with place.open(name) as file:
            yield open_backup(file)
    except BackupDamaged as error:
        raise BackupDamaged(f"{escape_line(name)} {error}") from error


def stored_manifest(place: Place, name: str) -> Manifest:
    """Return a backup's manifest. Only the start of the backup is read, if its schema is not huge.

    Raises:
        BackupDamaged: It is no backup.
        BackupFailed: It cannot be read.
    """
    try:
        if manifest := read_manifest(place.start(name, HEADER_BYTES)):
            return manifest
    except BackupDamaged as error:
        raise BackupDamaged(f"{escape_line(name)} {error}") from error
    with opened(place, name) as backup:
        return backup.manifest


def verify_backup(place: Place, name: str) -> Manifest:
    """Load a backup into a local D1, compare schema, counts and digests, and return its manifest.

    Raises:
        BackupDamaged: It does not load, or has other contents.
        BackupFailed: It cannot be read.
    """
    with opened(place, name) as backup:
        manifest = backup.manifest
        try:
            with loaded(backup.text()) as database:
                differences = manifest.contents.differences(read_contents(database))
                # A digest is of the masked rows, so it does not show a mask that breaks a foreign key.
                orphans = _orphans(database, manifest.database) if manifest.is_masked else manifest.orphans
        except SqlError as error:
            message = escape_line(hide_values(str(error), ()))
            raise BackupDamaged(f"does not load: statement {(error.statement or 0) + 1}: {message}") from None
        if differences:
            raise BackupDamaged(f"has other contents than its description: {'; '.join(differences)}")
        if orphans != manifest.orphans:
            new = "; ".join(sorted({*orphans} - {*manifest.orphans}))
            raise BackupDamaged(f"has masks that break foreign keys: {new}")
        return manifest


def create_verified_backup(source: BackupSource, place: Place) -> StoredBackup:
    """Make a backup and verify it, for what must not happen without one.

    Raises:
        BackupFailed: The backup cannot be made, stored or verified.
    """
    try:
        with reported(f"backing up {source.name}"):
            stored = create_backup(source, place)
        with reported(f"verifying the backup of {source.name}"):
            verify_backup(place, stored.name)
    except (ApiError, ConfigError, CopyFailed, SqlError) as error:
        raise BackupFailed(str(error)) from error
    except OSError as error:
        raise BackupFailed(f"{error.filename or place}: {error.strerror or error}") from error
    return stored


def _orphans(database: LocalD1, name: str) -> tuple[str, ...]:
    objects = schema.objects_from(database.read(schema.SELECT))
    return tuple(orphans.without_rowid for orphans in find_orphans(database, objects, name))
