"""`d1 baseline`: mark migrations as applied on a database that has their schema already."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.cli.support.options import complete_migrations, stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import NotFound, PlanRefused
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.bookmark import bookmark_now
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.other_ledgers import kept_name
from pulumi_d1.migrations.past import baseline as past
from pulumi_d1.migrations.past.takeover import read_takeover
from pulumi_d1.reports.review_text import drift_lines

if TYPE_CHECKING:
    from pulumi_d1.migrations.past.baseline import Baseline
    from pulumi_d1.migrations.past.takeover import Takeover


@click.command()
@stack_option("Stack whose database to mark.")
@click.option(
    "--through",
    metavar="FILE",
    shell_complete=complete_migrations,
    help="Last file to mark.  [default: the last file, or those that another tool applied]",
)
@click.option("--drop-old-tables", is_flag=True, help="Delete the tables in which other tools list what they applied.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def baseline(*, stack: str, through: str | None, drop_old_tables: bool, yes: bool) -> None:
    r"""Mark migrations as applied without running them.

    For a database that had tables before it had migrations, or that Alchemy, Alembic, Drizzle, NuxtHub or Prisma has
    migrated. The live schema must be exactly what the marked files and those already in the ledger create. Rows are not
    compared. Needs no Pulumi state.

    \b
    Examples:
      d1 baseline --stack prod
      d1 baseline --through 0003_create_files.sql --yes
      d1 baseline --stack prod --drop-old-tables
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
        now, takeover = read_takeover(database, table, files)
        plan = past.plan_baseline(files, now, table, through, takeover)
    _refuse_unproven(plan, name)
    old_tables = tuple(kept_name(old) if old == takeover.replaced else old for old in takeover.tables)
    dropped = old_tables if drop_old_tables else ()
    if dropped and plan.created:
        raise PlanRefused(
            f"nothing was changed: the files create {', '.join(plan.created)} too, so later files may need it: delete "
            "it with a migration"
        )
    if not (plan.names or takeover.replaced):
        say(f"{name}: nothing to mark: the ledger {table} has all of these files")
    else:
        _show_marks(plan, name, takeover)
    marks = past.Marks(plan.names, table, takeover.replaced, dropped)
    if marks.changes:
        confirm(_question(marks), yes=yes)
        bookmark = bookmark_now(database.bookmark(), timedelta(days=settings.retention_days))
        say(bookmark.announcement(name))
        ledger = past.mark_applied(database, marks, time.sleep)
        if marks.names or marks.replaced:
            last = f", the last is {ledger[-1]}" if ledger else ""
            say(f"{name}: marked {len(marks.names)} files; the ledger {table} has {len(ledger)}{last}")
    for other, old in zip(takeover.others, old_tables, strict=True):
        say(
            f"{name}: deleted {old}"
            if dropped
            else f"{old} stays as it is. Once {other.tool} no longer runs, delete it with --drop-old-tables"
        )


def _question(marks: past.Marks) -> str:
    deletion = ", ".join(marks.dropped)
    if not (marks.names or marks.replaced):
        return f"Delete {deletion}"
    return f"Mark {len(marks.names)} files as applied" + (f" and delete {deletion}" if deletion else "")


def _show_marks(plan: Baseline, name: str, takeover: Takeover) -> None:
    """Print the files to mark, and what the comparison of schemas does not show."""
    for other in takeover.others:
        kept = f"; it is kept as {kept_name(other.table)}" if other.table == takeover.replaced else ""
        say(f"{other.table} lists what {other.tool} has applied to {name}{kept}")
    say(f"{name} has the schema that these files create. They will be marked as applied without running them:")
    for file in plan.names:
        say(f"  {file}")
    for file in plan.edited:
        say(f"{file} was edited after it was applied: rows that it writes now are not in the database")
    for file in plan.writers:
        say(f"{file} writes rows, which are not compared: make sure that the database has them")
    for file in plan.empty:
        say(f"{file} has no statement: once it is marked, SQL that is added to it will never run")


def _refuse_unproven(plan: Baseline, name: str) -> None:
    """Refuse to mark files if the database is not proven to have what they create."""
    if plan.unmapped:
        lines = "".join(f"\n  {line}" for line in plan.unmapped)
        raise PlanRefused(
            f"nothing was marked: another tool has applied to {name} what is not in the migrations folder:{lines}\n"
            "put the files back as they were, or name the last applied file with --through: only the schema is then "
            "compared"
        )
    if plan.unknown:
        raise PlanRefused(
            f"nothing was marked: the ledger of {name} names files that are not in the folder, so the schema they "
            f"create is unknown: {escape_line(', '.join(plan.unknown))}. Put them back into the folder first"
        )
    if (refusal := plan.refusal) is not None:
        raise PlanRefused(
            f"nothing was marked: {refusal.name}:{refusal.line}:{refusal.column}: D1 would refuse this on a new "
            f"database, so the schema that the file creates is unknown: {escape_line(refusal.message)}"
        )
    if plan.differences:
        lines = "".join(f"\n  {line}" for line in drift_lines(plan.differences))
        raise PlanRefused(
            f"nothing was marked: {name} does not have the schema that these files create:{lines}\n"
            "change the schema or the files, or mark fewer files with --through"
        )
