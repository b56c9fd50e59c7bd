"""Make a backup: read a database, and store it when everything was read."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pulumi_d1.backups.artifact import CompressedScript
from pulumi_d1.backups.manifest import Manifest
from pulumi_d1.backups.names import new_name
from pulumi_d1.copying.snapshot import EXACT, SnapshotOptions, write_snapshot
from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from pulumi_d1.backups.place import Place
    from pulumi_d1.cloudflare.database import D1Api

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackupSource:
    """The database of a backup.

    Attributes:
        ledger: Name of the ledger's table.
    """

    database: D1Api
    name: str
    ledger: str


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """A complete backup."""

    name: str
    manifest: Manifest


def create_backup(source: BackupSource, place: Place, options: SnapshotOptions = EXACT) -> StoredBackup:
    """Make a backup. The database stays available.

    Raises:
        CopyFailed: The database is being migrated.
        BackupFailed: The backup cannot be stored.
        OSError: The folder cannot be written.
        ConfigError: The rows of a table cannot be read in order.
        ApiError: The database cannot be read.
    """
    time = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryFile(dir=place.workspace) as file:
        script = CompressedScript(file)
        snapshot = write_snapshot(source.database, source.name, source.ledger, script.write, options)
        for table in snapshot.plan.contentless_tables:
            logger.info(
                f"the FTS5 table {escape_line(table)} does not store its content (content=''): it is left empty"
            )
        applied = snapshot.database.ledger
        manifest = Manifest(
            database=source.name,
            database_id=source.database.database_id,
            time=time,
            bookmark=snapshot.bookmark,
            is_consistent=snapshot.is_consistent,
            is_masked=options.masks is not None,
            ledger=source.ledger,
            migrations=len(applied),
            last_migration=applied[-1] if applied else "",
            contents=snapshot.contents,
            empty=snapshot.plan.contentless_tables,
            orphans=tuple(orphans.without_rowid if options.masks else str(orphans) for orphans in snapshot.orphans),
            script_bytes=script.size,
            script_sha256=script.digest.hexdigest(),
        )
        name = new_name(source.name, time, place.sizes())
        place.save(name, script.artifact(manifest))
    return StoredBackup(name, manifest)
