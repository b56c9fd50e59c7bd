"""`d1 backup create`: make a backup of a stack's database."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import click

from pulumi_d1.backups.create import BackupSource, create_backup
from pulumi_d1.backups.verify import verify_backup
from pulumi_d1.cli.support.backup_place import manifest_json, place_option, stack_backups
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_state import read_environment
from pulumi_d1.copying.snapshot import SnapshotOptions
from pulumi_d1.reports.backup_text import format_created

if TYPE_CHECKING:
    from pulumi_d1.copying.snapshot import ReadEstimate


@click.command()
@stack_option("Stack whose database to back up.")
@place_option()
@click.option("--verify", is_flag=True, help="Load the backup into a local D1, and compare it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and all else to stderr.")
def create(stack: str, place: str | None, *, verify: bool, as_json: bool) -> None:
    r"""Make a backup of a stack's database.

    The database stays available. First prints how many requests and rows that takes. If the database changes meanwhile,
    it is read again, up to 3 times; after that, the backup is marked as inconsistent. The backup appears when it is
    complete.

    \b
    Examples:
      d1 backup create --stack prod
      d1 backup create --stack prod --at s3://my-backups/shop --verify
    """
    state = read_environment(stack)
    backups = stack_backups(stack, place)
    echo = partial(say, err=as_json)

    def announce(effort: ReadEstimate) -> None:
        echo(f"reading {state.database_name}: {effort}")

    source = BackupSource(state.database(), state.database_name, state.migrations_table)
    stored = create_backup(source, backups.place, SnapshotOptions(announce=announce))
    echo(format_created(stored.name, backups.place, stored.manifest))
    if verify:
        verify_backup(backups.place, stored.name)
        echo("  verified    it loads into a local D1, with the same schema and rows")
    if as_json:
        print_data(json.dumps(manifest_json(stored.name, stored.manifest), indent=2))
