"""Restore a backup into a new database, or in place of another."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.copying.replace import Replacement, Script
from pulumi_d1.errors import ApiError, BackupFailed, NotFound, OutcomeUnknown
from pulumi_d1.escaping import escape_line
from pulumi_d1.sqlite import schema

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.backups.artifact import Backup
    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.cloudflare.database import D1Api

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewDatabase:
    """A database to create.

    Attributes:
        jurisdiction: Where the data must stay; empty for anywhere.
        location_hint: Where the database is created; empty for Cloudflare's choice.
    """

    name: str
    jurisdiction: str = ""
    location_hint: str = ""


def script_of(backup: Backup, name: str) -> Script:
    """Return a backup's script, as a Replacement uses it."""
    return Script(f"the backup {name}", backup.manifest.contents, backup.unpack)


def load_new(account: Account, new: NewDatabase, script: Script, again: str, workspace: Path | None) -> D1Api:
    """Create a database, and load a script into it. An interrupted run is continued.

    Args:
        again: Command that continues after an interruption.
        workspace: Folder of the temporary file; None for the system's.

    Raises:
        BackupFailed: A database with this name and other contents exists. They were kept.
        CopyFailed: D1 refused the script.
        ApiError: Cloudflare refused.
    """
    database = _find(account, new.name)
    if database is None:
        database = _create(account, new)
        logger.info(f"created {new.name} ({database.database_id})")
    replacement = Replacement(database, new.name, script, again, workspace)
    replacement.undo_unfinished()
    if objects := schema.objects_from(database.read(schema.SELECT)):
        if not replacement.differences():
            logger.info(f"{new.name} has the contents of {script.source} already")
            return database
        raise BackupFailed(
            f"nothing was loaded: there is a database {new.name} ({database.database_id}) with other contents, such "
            f"as the {objects[0].type} {escape_line(objects[0].name)}. Choose another name"
        )
    replacement.run()
    return database


def _find(account: Account, name: str) -> D1Api | None:
    """Return the database with exactly this name."""
    try:
        info = account.describe(name)
    except NotFound:
        return None
    return account.database(info.id) if info.name == name else None


def _create(account: Account, new: NewDatabase) -> D1Api:
    try:
        return account.create(new.name, jurisdiction=new.jurisdiction, location_hint=new.location_hint)
    except OutcomeUnknown:
        if database := _find(account, new.name):
            return database
        raise
    except ApiError as error:
        raise BackupFailed(f"nothing was restored: Cloudflare did not create {new.name}: {error}") from error
