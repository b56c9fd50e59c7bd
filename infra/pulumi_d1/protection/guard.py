"""The check, and the export, before a database is deleted or replaced.

`pulumi destroy` runs no program, and `--replace` or a tainted resource change no setting. But Pulumi calls the
providers of a database's dependents before it touches the database: `diff` before a replacement, `delete` before a
deletion. These providers call this module, with the rules that the last run recorded.
"""

from __future__ import annotations

import logging
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.copying.snapshot import to_file, write_snapshot
from pulumi_d1.errors import ApiError, ConfigError, CopyFailed, NotFound, SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.protection.decision import DatabaseContents, database_contents
from pulumi_d1.protection.export import save
from pulumi_d1.system.log import reported
from pulumi_d1.tables.plan import plan_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

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
        ConfigError: The export cannot be written.
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


@dataclass(frozen=True, slots=True)
class _TableReader:
    """Exports a database that Cloudflare does not, table by table."""

    database: D1Api
    name: str
    ledger: str

    def export(self, file: BinaryIO) -> None:
        write_snapshot(self.database, self.name, self.ledger, to_file(file))


def _not_exported(pending: PendingDeletion, reason: object) -> str:
    return (
        f"nothing was deleted: {pending.name} cannot be exported first: {reason}. Run it again; "
        f"'wrangler d1 delete {pending.name}' deletes without an export"
    )


def _export(database: D1Api, pending: PendingDeletion, contents: DatabaseContents) -> None:
    name, folder = pending.name, Path(pending.rules.exports_dir)
    if contents.virtual:
        lost = f"; the contents of {escape_line(', '.join(contents.unreadable))} are lost, as confirmed" * bool(
            contents.unreadable
        )
        logger.info(f"reading {name} table by table: Cloudflare exports no database with virtual tables{lost}")
    try:
        bookmark = database.bookmark()
        reader = _TableReader(database, name, pending.ledger)
        with reported(f"exporting {name}"):
            export = save(reader if contents.virtual else database, folder, name)
    except (ApiError, ConfigError, CopyFailed, SqlError) as error:
        raise ApiError(_not_exported(pending, error)) from error
    except OSError as error:
        raise ConfigError(f"nothing was deleted: {error.filename or folder}: {error.strerror or error}") from error
    logger.info(
        f"exported {name} before its deletion ({contents}):\n"
        f"  file      {export.path} ({export.size} bytes)\n"
        f"  sha256    {export.sha256}\n"
        f"  bookmark  {bookmark} (from just before; deleted with the database)\n"
        f"  load it   wrangler d1 create NAME, then wrangler d1 execute NAME --remote --file={export.path}"
    )
