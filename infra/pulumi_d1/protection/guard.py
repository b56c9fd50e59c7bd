"""The check, and the export, before a database is deleted or replaced.

`pulumi destroy` runs no program, and `--replace` or a tainted resource change no setting. But Pulumi calls the
providers of a database's dependents before it touches the database: `diff` before a replacement, `delete` before a
deletion. These providers call this module, with the rules that the last run recorded.
"""

from __future__ import annotations

import hashlib
import logging
import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.backups.create import BackupSource
from pulumi_d1.backups.folder import Folder
from pulumi_d1.backups.verify import create_verified_backup
from pulumi_d1.errors import ApiError, BackupFailed, ConfigError, NotFound, SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.protection.decision import DatabaseContents, database_contents
from pulumi_d1.tables.plan import plan_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.protection.decision import IdentityChange, PendingDeletion
    from pulumi_d1.sqlite.schema import SchemaObject

logger = logging.getLogger(__name__)

_exported: set[str] = set()
"""Ids of databases that this run has exported: one provider process is one run, and several resources ask."""


def refuse_replacement(
    pending: PendingDeletion, connect: Callable[[], D1Api], changes: Sequence[IdentityChange] = ()
) -> None:
    """Refuse a replacement that would lose rows or a protected database.

    Raises:
        NotConfirmed: It would, and nobody confirmed it.
    """
    contents = inspect_database(connect, pending.ledger)
    if contents is not None:
        pending.refuse_replacement(contents, changes)


def before_deletion(pending: PendingDeletion, connect: Callable[[], D1Api]) -> None:
    """Refuse the deletion, or export the database, once in a run.

    Raises:
        NotConfirmed: The database is protected or cannot be exported, and nobody confirmed its deletion.
        NotFound: The database does not exist. Its own deletion would fail, after that of its dependents.
        ApiError: The export failed, or the database cannot be inspected.
    """
    if pending.id in _exported:
        return
    contents = inspect_database(connect, pending.ledger)
    if contents is None:
        raise NotFound(
            f"nothing was deleted: there is no database {pending.name} ({pending.id}). Remove it from the state first: "
            f"'pulumi refresh --stack {shlex.quote(pending.rules.stack)}'; then run this again"
        )
    pending.refuse_deletion(contents)
    if contents.unknown:
        # The confirmation covers a deletion with an export. The database may be readable again in a minute.
        if pending.rules.export:
            raise ApiError(_not_exported(pending, contents.unknown))
        logger.info(f"{pending.name} is deleted without inspection, as confirmed: {contents.unknown}")
    elif contents.tables and pending.rules.export:
        _export(connect(), pending, contents)
    _exported.add(pending.id)


def delete_database(pending: PendingDeletion, account: Account) -> None:
    """Delete the database after `before_deletion`, unless it does not exist: an interrupted run has deleted it.

    Raises:
        NotConfirmed: As `before_deletion`.
        ApiError: As `before_deletion`, or Cloudflare refused the deletion.
    """
    with suppress(NotFound):
        before_deletion(pending, lambda: account.database(pending.id))
        try:
            account.delete(pending.id)
        except ApiError as error:
            if isinstance(error, NotFound):
                raise
            exported = "; the next attempt exports it again" if pending.rules.export else ""
            raise ApiError(f"the database {pending.name} ({pending.id}) was not deleted: {error}{exported}") from error


def inspect_database(connect: Callable[[], D1Api], ledger: str) -> DatabaseContents | None:
    """Return a database's contents, or why they are unknown; None if the database does not exist."""
    try:
        objects = live.read_despite_faults(connect(), ledger).objects
    except NotFound:
        return None
    except (ApiError, ConfigError) as error:
        return DatabaseContents(unknown=str(error))
    contents = database_contents(objects, ledger)
    return replace(contents, unreadable=_unreadable(objects, contents)) if contents.virtual else contents


def _unreadable(objects: Sequence[SchemaObject], contents: DatabaseContents) -> tuple[str, ...]:
    try:
        return plan_copy(objects).contentless_tables
    except SqlError:
        return contents.virtual


def _not_exported(pending: PendingDeletion, reason: object) -> str:
    return (
        f"nothing was deleted: {pending.name} cannot be exported first: {reason}. Run it again; "
        f"'wrangler d1 delete {pending.name}' deletes without an export"
    )


def _export(database: D1Api, pending: PendingDeletion, contents: DatabaseContents) -> None:
    """Make a backup, and load it into a local D1: an export that does not load is no reason to delete."""
    name, folder = pending.name, Path(pending.rules.exports_dir)
    if contents.unreadable:
        logger.info(f"the contents of {escape_line(', '.join(contents.unreadable))} are lost, as confirmed")
    try:
        stored = create_verified_backup(BackupSource(database, name, pending.ledger), Folder(folder))
    except BackupFailed as error:
        raise ApiError(_not_exported(pending, error)) from error
    file = folder / stored.name
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    logger.info(
        f"exported {name} before its deletion ({contents}), and loaded the export into a local D1: it is the same\n"
        f"  file      {file} ({file.stat().st_size} bytes)\n"
        f"  sha256    {digest}\n"
        f"  bookmark  {stored.manifest.bookmark} (from just before; deleted with the database)\n"
        f"  load it   d1 backup restore {shlex.quote(str(file))} --into NAME"
    )
