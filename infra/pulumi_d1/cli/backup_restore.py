"""`d1 backup restore`: restore a backup into a new database, or in place of the stack's own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_d1.backups.folder import Folder
from pulumi_d1.backups.place import LATEST, find_backup
from pulumi_d1.backups.restore import NewDatabase, load_new, script_of
from pulumi_d1.backups.verify import opened, verify_backup
from pulumi_d1.cli.support.backup_place import place_option, stack_backups
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.options import command_line, stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.project import settings as stack_settings
from pulumi_d1.cli.support.stack_state import read_environment
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.copying.replace import Replacement
from pulumi_d1.errors import ConfigError
from pulumi_d1.naming import require_database_name
from pulumi_d1.reports.backup_text import format_contents

if TYPE_CHECKING:
    from pulumi_d1.backups.place import Place
    from pulumi_d1.cli.support.backup_place import StackBackups


@click.command()
@click.argument("backup", metavar="BACKUP")
@stack_option("Stack whose account and configuration to use.")
@place_option()
@click.option("--into", metavar="NAME", help="Name of the new database.  [default: DATABASE-restored]")
@click.option("--in-place", is_flag=True, help="Replace the contents of the stack's own database.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def restore(backup: str, stack: str, *, into: str | None, in_place: bool, yes: bool, **where: str | None) -> None:
    r"""Restore a backup into a new database.

    BACKUP is a name in 'd1 backup list', 'latest', or the path of a file. The backup is verified first. Afterwards
    schema, number of rows and digests of the database are compared with it. If this is interrupted, run it again.

    --in-place replaces the contents of the stack's own database instead: every write since the backup is lost. Asks for
    confirmation, and prints the command that undoes it.

    \b
    Examples:
      d1 backup restore latest --stack prod
      d1 backup restore exports/shop-db-pr-12-20261130T024136Z.sql.gz --into shop-db-rescued
      d1 backup restore latest --stack prod --in-place
    """
    if into and in_place:
        raise click.UsageError("--into and --in-place exclude one another: use one of them")
    backups = stack_backups(stack, where["place"])
    place, name = _find(backups, backup)
    with waiting(f"verifying {name}"):
        manifest = verify_backup(place, name)
    say(f"{name}: {format_contents(manifest)}, verified")
    chosen = shlex.quote(name if backup == LATEST else backup)
    again = command_line(f"d1 backup restore {chosen}", {"stack": stack, "at": where["place"], "into": into})
    if in_place:
        _replace(stack, place, name, f"{again} --in-place", yes=yes)
    else:
        _create(backups, place, name, again, into or f"{manifest.database}-restored")


def _find(backups: StackBackups, backup: str) -> tuple[Place, str]:
    """Return the place and the name of a backup."""
    path = Path(backup)
    if path.parent != Path() or path.is_file():
        if not path.is_file():
            raise ConfigError(f"{backup}: there is no such file")
        return Folder(path.parent), path.name
    return backups.place, find_backup(backups.place, backup, backups.database)


def _create(backups: StackBackups, place: Place, name: str, again: str, database: str) -> None:
    settings = stack_settings(backups.folder, backups.settings.environment)
    require_database_name(database)
    new = NewDatabase(database, settings.jurisdiction, settings.location_hint)
    with opened(place, name) as backup, waiting(f"restoring {database}"):
        restored = load_new(stack_account(settings), new, script_of(backup, name), again, place.workspace)
    say(
        f"restored into {database} ({restored.database_id}): schema, rows and digests are those of the backup\n"
        f"No stack uses it yet. Read it with: npx wrangler d1 execute {database} --remote --command 'SELECT ...'"
    )


def _replace(stack: str, place: Place, name: str, again: str, *, yes: bool) -> None:
    state = read_environment(stack)
    database, target = state.database_name, state.database()
    undo = f"d1 restore --stack {shlex.quote(stack)} --bookmark "
    with opened(place, name) as backup:
        manifest = backup.manifest
        say(
            f"This replaces the contents of {database} by the backup of {manifest.database} from "
            f"{manifest.time:%Y-%m-%d %H:%M:%S} UTC. Every write since then is lost.\n"
            f"  undo it     {undo}{target.bookmark()}"
        )
        confirm(f"Replace the contents of {database}", yes=yes, word=database)
        with waiting(f"restoring {database}"):
            old = Replacement(target, database, script_of(backup, name), again, place.workspace).run()
    say(
        f"restored {database}: schema, rows and digests are those of the backup\n"
        f"  undo it     {undo}{old}\n"
        f"  migrations  {manifest.migrations} are applied; 'pulumi up --stack {shlex.quote(stack)}' applies the others"
    )
