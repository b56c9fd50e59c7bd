"""`d1 baseline`: takes a database that has its tables already into the care of the migrations."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support.options import migrations, stack_option

if TYPE_CHECKING:
    from pulumi_d1.migrations.past.baseline import Baseline


@click.command()
@stack_option("The environment whose database to take.")
@click.option(
    "--through",
    metavar="FILE",
    shell_complete=migrations,
    help="The last file to mark.  [default: the last]",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def baseline(*, stack: str, through: str | None, yes: bool) -> None:
    r"""Mark migrations as applied without running them.

    For a database whose tables are older than its migrations. The live schema must be exactly what the marked files
    make, those included that the ledger has already; rows are not compared. Needs no Pulumi state.

    \b
    Examples:
      d1 baseline --stack prod
      d1 baseline --through 0003_create_files.sql --yes
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.confirm import confirm
    from pulumi_d1.cli.support.waiting import waiting
    from pulumi_d1.cloudflare.account import connect_account
    from pulumi_d1.cloudflare.retry import Retry
    from pulumi_d1.errors import NotFound
    from pulumi_d1.migrations import live
    from pulumi_d1.migrations.bookmark import taken_now
    from pulumi_d1.migrations.folder import read_folder
    from pulumi_d1.migrations.past.baseline import baseline as held_against
    from pulumi_d1.migrations.past.baseline import mark
    from pulumi_d1.migrations.pattern import make_pattern

    folder = project.root()
    settings = project.settings(folder, stack)
    name, table = settings.database_name, settings.migrations_table
    pattern = make_pattern(settings.migrations_dir, settings.migrations_pattern)
    files = read_folder(folder / settings.migrations_dir, pattern)
    try:
        database = connect_account(settings.account_id, retry=Retry(partial(click.echo, err=True))).find(name)
    except NotFound as error:
        raise NotFound(f"there is no database {name} to mark migrations of: {error}") from None
    with waiting(f"reading {name}, and running the files on an empty database"):
        found = held_against(files, live.read(database, table), table, through)
    _refuse(found, name)
    if not found.names:
        click.echo(f"{name}: nothing to mark, the ledger {table} has all of these files")
        return
    click.echo("\n".join(_lines(found, name)))
    confirm(f"Mark {len(found.names)} files as applied", yes=yes)
    bookmark = taken_now(database.bookmark(), timedelta(days=settings.retention_days))
    click.echo(f"bookmark {bookmark.id} taken; way back: {bookmark.restore_command(name)}")
    ledger = mark(database, found.names, table, time.sleep)
    click.echo(
        f"{name}: {len(found.names)} files marked; the ledger {table} has {len(ledger)}, the last is {ledger[-1]}"
    )


def _lines(found: Baseline, name: str) -> list[str]:
    return [
        f"{name} has the schema that these files make; they are marked as applied, and not run:",
        *(f"  {item}" for item in found.names),
        *(f"{item} writes rows, which are not compared: they must be there already" for item in found.writers),
    ]


def _refuse(found: Baseline, name: str) -> None:
    """Stops where it is not proven that the database has what the files make."""
    from pulumi_d1.errors import PlanRefused
    from pulumi_d1.reports.review_text import drift_lines

    if found.unknown:
        raise PlanRefused(
            f"nothing was marked: the ledger of {name} names files that the folder does not have, so what they made "
            f"can't be told: {', '.join(found.unknown)}. Bring them back first"
        )
    if (refused := found.refusal) is not None:
        raise PlanRefused(
            f"nothing was marked: {refused.name}:{refused.line}:{refused.column}: D1 would refuse this on a new "
            f"database, so what the file makes can't be told: {refused.message}"
        )
    if found.differences:
        lines = "".join(f"\n  {line}" for line in drift_lines(found.differences))
        raise PlanRefused(
            f"nothing was marked: once these files count as applied, {name} has not the schema that they make:{lines}\n"
            "bring schema and files together, or mark fewer files with --through"
        )
