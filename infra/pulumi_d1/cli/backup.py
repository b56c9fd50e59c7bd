"""`d1 backup`: the group of its commands."""

from __future__ import annotations

import click

from pulumi_d1.cli.backup_create import create
from pulumi_d1.cli.backup_list import listing
from pulumi_d1.cli.backup_prune import prune
from pulumi_d1.cli.backup_restore import restore
from pulumi_d1.cli.backup_verify import verify

__all__ = ["backup"]


@click.group()
def backup() -> None:
    r"""Make, verify and restore backups that outlive their database.

    A backup is one compressed file of SQL in a folder or an object store, with a description of its contents. Time
    Travel, which 'd1 restore' uses, ends after 7 or 30 days, and is deleted with the database.

    \b
    Examples:
      d1 backup create --stack prod
      d1 backup list --stack prod
      d1 backup restore latest --stack prod
    """


for command in (create, listing, verify, restore, prune):
    backup.add_command(command)
