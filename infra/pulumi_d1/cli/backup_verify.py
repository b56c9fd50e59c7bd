"""`d1 backup verify`: load backups into a local D1, and compare them with their descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pulumi_d1.backups.place import LATEST, backups_of, find_backup
from pulumi_d1.backups.verify import verify_backup
from pulumi_d1.cli.support.backup_place import place_option, stack_backups
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import BackupDamaged
from pulumi_d1.reports.backup_text import format_contents

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("names", metavar="[BACKUP]...", nargs=-1)
@stack_option("Stack whose backups to verify.")
@place_option()
@click.option("--all", "every", is_flag=True, help="Verify every backup of the stack's database.")
@click.pass_context
def verify(context: click.Context, names: Sequence[str], stack: str, place: str | None, *, every: bool) -> None:
    r"""Load backups into a local D1, and compare them.

    Without a BACKUP, verifies the latest one. Compares schema, number of rows and digests with the description in the
    backup. Needs neither Pulumi's state nor Cloudflare.

    Exit code: 0, or 1 if a backup is damaged.

    \b
    Examples:
      d1 backup verify --stack prod
      d1 backup verify --all --at s3://my-backups/shop --stack prod
    """
    if every and names:
        raise click.UsageError("name backups, or use --all")
    backups = stack_backups(stack, place)
    if every:
        chosen = [name.text for name in backups_of(backups.place, backups.database)]
    else:
        chosen = [find_backup(backups.place, name, backups.database) for name in names or (LATEST,)]
    damaged = False
    for name in chosen:
        try:
            with waiting(f"verifying {name}"):
                manifest = verify_backup(backups.place, name)
        except BackupDamaged as error:
            damaged = True
            say(f"Error: {error}", err=True)
        else:
            say(f"{name}: loads, and has {format_contents(manifest)} as described")
    if not chosen:
        say(f"{backups.place} has no backup of {backups.database}")
    context.exit(ExitCode.FAILED if damaged else ExitCode.OK)
