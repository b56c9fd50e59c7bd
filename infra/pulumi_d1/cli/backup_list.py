"""`d1 backup list`: the backups of a stack's database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.backups.names import parse_name
from pulumi_d1.backups.verify import stored_manifest
from pulumi_d1.cli.support.backup_place import manifest_json, place_option, stack_backups
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.table import print_table
from pulumi_d1.errors import BackupDamaged
from pulumi_d1.reports.backup_text import format_contents, format_size

if TYPE_CHECKING:
    from pulumi_d1.backups.manifest import Manifest
    from pulumi_d1.backups.place import Place

_CONCURRENCY: Final = 8


@click.command("list")
@stack_option("Stack whose backups to list.")
@place_option()
@click.option("--all", "every", is_flag=True, help="List the backups of every database in the place.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def listing(context: click.Context, stack: str, place: str | None, *, every: bool, as_json: bool) -> None:
    r"""List the backups of a stack's database, oldest first.

    Reads the description at the start of each backup. 'd1 backup verify' reads all of it.

    Exit code: 0, or 1 if a description is damaged.

    \b
    Examples:
      d1 backup list --stack prod
      d1 backup list --at s3://my-backups/shop --all --json
    """
    backups = stack_backups(stack, place)
    sizes = backups.place.sizes()
    names = [name for text in sizes if (name := parse_name(text)) and (every or name.database == backups.database)]
    names.sort(key=lambda name: (name.database, *name.age))
    with ThreadPoolExecutor(_CONCURRENCY) as pool:
        manifests = list(pool.map(partial(_manifest, backups.place), [name.text for name in names]))
    if as_json:
        listed = [
            {"size": sizes[name.text], **(manifest_json(name.text, manifest) if manifest else {"name": name.text})}
            for name, manifest in zip(names, manifests, strict=True)
        ]
        print_data(json.dumps(listed, indent=2))
    elif names:
        rows = [
            [name.text, format_size(sizes[name.text]), *_cells(manifest)]
            for name, manifest in zip(names, manifests, strict=True)
        ]
        print_table(("Backup", "Size", "Contents", "Last Migration", "Remarks"), rows)
    else:
        say(f"{backups.place} has no backup of {'any database' if every else backups.database}")
    context.exit(ExitCode.OK if all(manifests) else ExitCode.FAILED)


def _manifest(place: Place, name: str) -> Manifest | None:
    try:
        return stored_manifest(place, name)
    except BackupDamaged:
        return None  # shown in the table, and in the exit code


def _cells(manifest: Manifest | None) -> tuple[str, str, str]:
    if not manifest:
        return "-", "-", "damaged"
    remarks = ["not consistent"] * (not manifest.is_consistent) + ["masked"] * manifest.is_masked
    return format_contents(manifest), manifest.last_migration or "-", ", ".join(remarks) or "-"
