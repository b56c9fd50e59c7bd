"""`d1 backup prune`: delete old backups."""

from __future__ import annotations

import click

from pulumi_d1.backups.place import backups_of
from pulumi_d1.backups.retention import Retention
from pulumi_d1.cli.support.backup_place import place_option, stack_backups
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import say

_NUMBER = click.IntRange(min=0)


@click.command()
@stack_option("Stack whose backups to prune.")
@place_option()
@click.option("--daily", type=_NUMBER, default=7, show_default=True, help="Days of which to keep a backup.")
@click.option("--weekly", type=_NUMBER, default=4, show_default=True, help="Weeks of which to keep a backup.")
@click.option("--monthly", type=_NUMBER, default=12, show_default=True, help="Months of which to keep a backup.")
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and delete nothing.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def prune(stack: str, place: str | None, *, dry_run: bool, yes: bool, **numbers: int) -> None:
    r"""Delete old backups of a stack's database.

    Keeps the newest backup of each of the last days, weeks and months that have one, and always the latest.

    \b
    Examples:
      d1 backup prune --stack prod --dry-run
      d1 backup prune --stack prod --daily 14 --yes
    """
    backups = stack_backups(stack, place)
    existing = backups_of(backups.place, backups.database)
    superfluous = Retention(**numbers).superfluous(existing)
    for backup in superfluous:
        say(f"- {backup.text}")
    kept = len(existing) - len(superfluous)
    if superfluous and not dry_run:
        confirm(f"Delete {len(superfluous)} backups in {backups.place}, and keep {kept}", yes=yes)
        for backup in superfluous:
            backups.place.delete(backup.text)
    say(f"{'would delete' if dry_run else 'deleted'} {len(superfluous)} backups of {backups.database}, kept {kept}")
