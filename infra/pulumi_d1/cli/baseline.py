"""`d1 baseline`: mark migrations as applied on a database that has their schema already."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.options import complete_migrations, stack_option
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import NotFound, PlanRefused
from pulumi_d1.migrations import live
from pulumi_d1.migrations.bookmark import bookmark_now
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.past import baseline as past
from pulumi_d1.reports.review_text import drift_lines

if TYPE_CHECKING:
    from pulumi_d1.migrations.past.baseline import Baseline


@click.command()
@stack_option("Stack whose database to mark.")
@click.option(
    "--through",
    metavar="FILE",
    shell_complete=complete_migrations,
    help="Last file to mark.  [default: the last file]",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def baseline(*, stack: str, through: str | None, yes: bool) -> None:
    r"""Mark migrations as applied without running them.

    For a database that had tables before it had migrations. The live schema must be exactly what the marked files and
    those already in the ledger create. Rows are not compared. Needs no Pulumi state.

    \b
    Examples:
      d1 baseline --stack prod
      d1 baseline --through 0003_create_files.sql --yes
    """
    folder = project.root()
    settings = project.settings(folder, stack)
    name, table = settings.database_name, settings.migrations_table
    files = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder).read()
    try:
        database = stack_account(settings).find(name)
    except NotFound as error:
        raise NotFound(f"there is no database {name} to mark migrations of: {error}") from None
    with waiting(f"reading {name}, and running the files on an empty database"):
        plan = past.plan_baseline(files, live.read_database(database, table), table, through)
    _refuse_unproven(plan, name)
    if not plan.names:
        click.echo(f"{name}: nothing to mark: the ledger {table} has all of these files")
        return
    click.echo(f"{name} has the schema that these files create. They will be marked as applied without running them:")
    for file in plan.names:
        click.echo(f"  {file}")
    for file in plan.writers:
        click.echo(f"{file} writes rows, which are not compared: make sure that the database has them")
    for file in plan.empty:
        click.echo(f"{file} has no statement: once it is marked, SQL that is added to it will never run")
    confirm(f"Mark {len(plan.names)} files as applied", yes=yes)
    bookmark = bookmark_now(database.bookmark(), timedelta(days=settings.retention_days))
    click.echo(bookmark.announcement(name))
    ledger = past.mark_applied(database, plan.names, table, time.sleep)
    click.echo(
        f"{name}: marked {len(plan.names)} files; the ledger {table} has {len(ledger)}, the last is {ledger[-1]}"
    )


def _refuse_unproven(plan: Baseline, name: str) -> None:
    """Refuse to mark files if the database is not proven to have what they create."""
    if plan.unknown:
        raise PlanRefused(
            f"nothing was marked: the ledger of {name} names files that are not in the folder, so the schema they "
            f"create is unknown: {', '.join(plan.unknown)}. Put them back into the folder first"
        )
    if (refusal := plan.refusal) is not None:
        raise PlanRefused(
            f"nothing was marked: {refusal.name}:{refusal.line}:{refusal.column}: D1 would refuse this on a new "
            f"database, so the schema that the file creates is unknown: {refusal.message}"
        )
    if plan.differences:
        lines = "".join(f"\n  {line}" for line in drift_lines(plan.differences))
        raise PlanRefused(
            f"nothing was marked: {name} does not have the schema that these files create:{lines}\n"
            "change the schema or the files, or mark fewer files with --through"
        )
