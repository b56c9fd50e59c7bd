"""The backup before a run that would lose rows, if the stack has the key `backupBeforeLoss`."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.backups.create import BackupSource
from pulumi_d1.backups.place import place_of
from pulumi_d1.backups.verify import create_verified_backup
from pulumi_d1.errors import BackupFailed, ConfigError
from pulumi_d1.migrations import live
from pulumi_d1.reports.backup_text import format_created

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.program.actions.inputs import MigrationsInputs

logger = logging.getLogger(__name__)


def back_up_before_loss(database: D1Api, inputs: MigrationsInputs) -> bool:
    """Make and verify a backup, and return whether one was made: a run that continues batches has none.

    Raises:
        BackupFailed: There is no complete backup that loads. Nothing was applied.
        ApiError: The database cannot be read.
    """
    target, stack = inputs.target, shlex.quote(inputs.stack)
    if live.read_database(database, target.table).begun:
        logger.info(f"no backup of {target.name} is made: this run continues a file whose batches have begun")
        return False
    try:
        place = place_of(inputs.options.backup, Path())
        stored = create_verified_backup(BackupSource(database, target.name, target.table), place)
    except (BackupFailed, ConfigError) as error:
        raise BackupFailed(
            f"nothing was applied: the pending files may lose rows, and the backup before that failed: {error}. Run "
            "'pulumi up' again when that is fixed, or set backupBeforeLoss to false"
        ) from error
    logger.info(
        f"{format_created(stored.name, place, stored.manifest)}\n"
        "  verified    it loads into a local D1, with the same schema and rows\n"
        f"  restore     d1 backup restore {stored.name} --stack {stack}"
    )
    return True
