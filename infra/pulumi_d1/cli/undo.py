"""`d1 undo`: undo a migration with a new one, without losing later writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import complete_migrations, stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import PlanRefused
from pulumi_d1.migrations.folder import Migration, migrations_folder
from pulumi_d1.migrations.next_file import first_line, next_name
from pulumi_d1.migrations.past.undo import undo_file
from pulumi_d1.migrations.review.review import format_findings
from pulumi_d1.reports.review_text import change_line

if TYPE_CHECKING:
    from pulumi_d1.migrations.past.undo import Undo


@click.command()
@click.argument("file", shell_complete=complete_migrations)
@stack_option("Stack whose database the file is applied to.")
@click.option("--dry-run", is_flag=True, help="Print the SQL, and write nothing.")
def undo(*, file: str, stack: str, dry_run: bool) -> None:
    r"""Undo a migration with a new one, without losing later writes.

    Writes the reverse of an applied file, if one exists: of added tables, columns and indexes, of renames, and of
    changed views and triggers. It is proved on a copy of the database with its rows. Otherwise, the reasons are
    printed, and what a restore with Time Travel would undo.

    Exit code: 0 proved and written, 1 there is no reverse. Then nothing is written.

    \b
    Examples:
      d1 undo 0004_tags.sql --stack prod
      d1 undo 0004_tags.sql --dry-run
    """
    folder = project.root()
    settings = project.settings(folder, stack)
    migrations = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder)
    files, now = migrations.read(), datetime.now(UTC)
    name = migrations.name_of(file)
    title = name.removesuffix("/migration.sql").removesuffix(".sql")
    new = next_name([item.name for item in files], migrations.pattern, f"undo {title}", now)
    database = stack_account(settings).find(settings.database_name)
    with waiting(f"proving {new} on a copy of {settings.database_name}"):
        options = settings.run_options.rehearsal
        start = Migration(new, f"{first_line(new, now)}-- Undoes {name}. Written by d1 undo.\n")
        result = undo_file(files, name, start, settings.migrations_table, database, options=options)
    if result.review is None or result.reasons:
        reasons = "".join(f"\n  {reason}" for reason in result.reasons)
        raise PlanRefused(
            f"{name} has no reverse:{reasons}\n{_cost(result, name, stack, timedelta(days=settings.retention_days))}"
        )
    say(result.review.basis, err=dry_run)
    for change in result.review.changes:
        say(f"  {change_line(change)}", err=dry_run)
    for line in format_findings((), result.review.findings, migrations.name):
        say(f"warning: {line}" if not line.startswith(" ") else line, err=True)
    if dry_run:
        print_data(result.sql)
    else:
        migrations.create(new, result.sql)
        say(f"wrote {migrations.name}/{new}")


def _cost(result: Undo, name: str, stack: str, retention: timedelta) -> str:
    """Return what a restore would undo."""
    if result.applied_at is None:
        return "The ledger does not show when it was applied, so it is unknown whether Time Travel reaches back to it"
    since = result.applied_at.isoformat()
    if datetime.now(UTC) - result.applied_at > retention:
        return f"Time Travel does not reach back to it: it was applied at {since}"
    later = f", and {', '.join(result.later)}" if result.later else ""
    return (
        f"Time Travel undoes it, and every write since {since}, by anyone{later}: "
        f"'d1 restore --before {name} --stack {stack}'"
    )
