"""What asks before a database goes: the program, before it registers anything, and the providers, for the rest.

A plain `pulumi destroy` runs no program, and `--replace` or a tainted resource are no change of a setting. But Pulumi
calls the providers of what stands on a database before it touches the database: `diff` before a replacement, `delete`
before a deletion. What they need to know, the last run has written down in their inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import ApiError, ConfigError, CopyFailed, NotFound, SqlError
from pulumi_d1.protection.decision import contents, doomed_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.protection.decision import Contents

DELETION: Final = "deletion"
"""Name of the input that holds pulumi_d1.protection.decision.record."""

_saved: set[str] = set()
"""Databases that this process has seen to: one process of the provider is one run, and several resources ask."""


def refuse_replacement(props: Mapping[str, Any], connect: Callable[[], D1Api]) -> None:
    """Stops Pulumi from replacing the database that `props` was applied to.

    Args:
        props: inputs and outputs in the state.
        connect: gives the database.

    Raises:
        NotConfirmed: it would lose rows, or is protected.
    """
    if written := props.get(DELETION):
        found = look(connect, props["migrations_table"])
        if found is not None:
            doomed_from(written, props["database_id"], props["database_name"]).refuse_replacement(found)


def before_deletion(props: Mapping[str, Any], connect: Callable[[], D1Api], say: Callable[[str], None]) -> None:
    """Stops the deletion of the database, or exports it, once in a run.

    Args:
        props: inputs and outputs in the state.
        connect: gives the database.
        say: tells the user.

    Raises:
        NotConfirmed: it is protected, or can't be exported, and nobody confirmed its deletion.
        ApiError: the export failed, or the database can't be looked into.
        ConfigError: the export can't be written.
    """
    database_id, name = props["database_id"], props["database_name"]
    written = props.get(DELETION)
    if not written or database_id in _saved:
        return
    found = look(connect, props["migrations_table"])
    if found is None:
        return
    doomed = doomed_from(written, database_id, name)
    doomed.refuse_deletion(found, export=written["export"])
    if isinstance(found, str):
        # What was confirmed is that it goes with an export. What can't be read now, may be readable in a minute.
        if written["export"]:
            raise ApiError(_stays(name, found))
        say(f"{name} is deleted unseen, as confirmed: {found}")
    elif found.tables and written["export"]:
        _export(connect(), props, found, say)
    _saved.add(database_id)


def look(connect: Callable[[], D1Api], ledger: str) -> Contents | str | None:
    """What a database holds, or why that can't be told; None where it is gone."""
    from pulumi_d1.migrations import live

    try:
        now = live.read(connect(), ledger)
    except NotFound:
        return None
    except (ApiError, ConfigError) as error:
        return str(error)
    found = contents(now.objects, ledger)
    return replace(found, unreadable=_unreadable(now, found)) if found.virtual else found


def _unreadable(now: Live, found: Contents) -> tuple[str, ...]:
    from pulumi_d1.copying.script import inventory

    try:
        return inventory(now.objects).forgotten
    except SqlError:
        return found.virtual


@dataclass(frozen=True, slots=True)
class _Read:
    """A database that Cloudflare does not export."""

    database: D1Api
    name: str
    ledger: str
    say: Callable[[str], None]

    def export(self, file: BinaryIO) -> None:
        """See pulumi_d1.protection.export.Exportable. Raises also CopyFailed, ConfigError and SqlError."""
        from pulumi_d1.copying.reading import Names, read

        read(self.database, Names(self.name, "its export", self.ledger), file, self.say)


def _stays(name: str, reason: object) -> str:
    return (
        f"nothing was deleted: {name} can't be exported before: {reason}. Run it again; 'wrangler d1 delete {name}' "
        "asks for no export"
    )


def _export(database: D1Api, props: Mapping[str, Any], found: Contents, say: Callable[[str], None]) -> None:
    from pulumi_d1.protection.export import save

    name, folder = props["database_name"], Path(props[DELETION]["exports_dir"])
    if found.virtual:
        lost = f"; what {', '.join(found.unreadable)} hold is lost, as confirmed" if found.unreadable else ""
        say(f"{name} is read table by table, since Cloudflare exports none with virtual tables{lost}")
    try:
        bookmark = database.bookmark()
        readable = _Read(database, name, props["migrations_table"], say)
        export = save(readable if found.virtual else database, folder, name)
    except (ApiError, ConfigError, CopyFailed, SqlError) as error:
        raise ApiError(_stays(name, error)) from error
    except OSError as error:
        raise ConfigError(f"nothing was deleted: {error.filename or folder}: {error.strerror or error}") from error
    say(
        f"{name} was exported before it is deleted ({found}):\n"
        f"  file      {export.path} ({export.size} bytes)\n"
        f"  sha256    {export.sha256}\n"
        f"  bookmark  {bookmark} (of the moment before; goes with the database)\n"
        f"  load it   wrangler d1 create NAME, then wrangler d1 execute NAME --remote --file={export.path}"
    )
