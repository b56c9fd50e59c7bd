"""`d1 squash`: write one migration in place of several."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.local_file import BUSY, stack_local_file
from pulumi_d1.cli.support.options import complete_migrations, stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import ConfigError, PlanRefused
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.next_file import first_line, same_number
from pulumi_d1.migrations.passed_over import TESTS_FOLDER
from pulumi_d1.migrations.plan import Problem, make_plan
from pulumi_d1.migrations.review.lint.finding import format_rows
from pulumi_d1.migrations.squash.replacement import delete_files, find_unfinished
from pulumi_d1.migrations.squash.squash import files_through, squash_files, squashed_text
from pulumi_d1.reports.review_text import counted
from pulumi_d1.row_tests.row_test import read_tests
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.local import opened_alone
from pulumi_d1.system.files import write_atomically
from pulumi_d1.system.git import uncommitted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pulumi_d1.migrations.folder import Migration, MigrationsFolder
    from pulumi_d1.migrations.squash.proof import Squash

_MOST_TABLES: Final = 20
"""Tables whose rows are listed."""


@click.command()
@click.option(
    "--through",
    metavar="FILE",
    shell_complete=complete_migrations,
    help="Last file to squash; the first is that of the folder.",
)
@click.option(
    "--name",
    metavar="WORDS",
    default="squashed",
    show_default=True,
    help="Words of the new file's name, after FILE's number.",
)
@stack_option("Stack whose migrations to read.")
@click.option("--dry-run", is_flag=True, help="Print the new file, and change nothing.")
@click.option("--local", is_flag=True, help="Write no file. Swap the rows in the ledger of wrangler's local database.")
@click.option("--force", is_flag=True, help="Delete files that are not committed to git, too.")
def squash(  # noqa: PLR0913 - one for each option
    *, through: str | None, name: str, stack: str, dry_run: bool, local: bool, force: bool
) -> None:
    r"""Write one migration in place of several.

    The new file creates the schema and the rows that the files through FILE leave in a new database. It is proved: both
    run on local databases by D1's rules, and every object, every row and every next id is compared. Then the old files
    are deleted; git keeps them. Needs no access to Cloudflare.

    A stack that has applied all old files runs nothing of the new one: its next 'pulumi up' swaps their rows in the
    ledger for one. A stack that has applied only some is refused, so bring all stacks up to date first. With --local,
    the local database of 'wrangler dev' gets the same.

    Exit code: 0 proved and written, 1 refused, with the reason. Then nothing is changed.

    \b
    Examples:
      d1 squash --through 0042_orders.sql
      d1 squash --through 0042_orders.sql --name "schema of 2025"
      d1 squash --through 0042_orders.sql --dry-run
      d1 squash --local                                         after a git pull
    """
    if (through is None) is not local:
        raise click.UsageError("give either --through FILE, or --local")
    folder = project.root()
    settings = project.settings(folder, stack, needs_account=False)
    migrations = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder)
    files = migrations.read()
    if through is None:
        _swap_local(files, stack_local_file(stack), settings.migrations_table, migrations.name)
        return
    last = migrations.name_of(through)
    if unfinished := find_unfinished(files, last):
        _finish(migrations, files, *unfinished, dry_run=dry_run)
        return
    if last not in {file.name for file in files}:
        raise ConfigError(f"there is no migration {last}: give its name in the folder {migrations.name}")
    new = same_number(last, migrations.pattern, name)
    old = files_through(files, last, new)
    tests = _tests_of(migrations, files, old)
    if not (dry_run or force):
        _refuse_uncommitted(migrations, [*(file.name for file in old), *tests])
    with waiting(f"proving {new}"):
        result = squash_files(old, new, migrations.name, settings.migrations_table, settings.run_options.rehearsal)
    _report(result, old, err=dry_run)
    text = squashed_text(old, new, settings.migrations_table, first_line(new, datetime.now(UTC)), result.sql)
    if dry_run:
        print_data(text)
        return
    path = migrations.path / new
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text, mode=0o644, durable=True)
    say(f"wrote {migrations.name}/{new}")
    _delete(migrations, old, tests)


def _tests_of(migrations: MigrationsFolder, files: Sequence[Migration], old: Sequence[Migration]) -> list[str]:
    """Return the tests of the old files, relative to the folder."""
    names = {file.name for file in old}
    return [f"{TESTS_FOLDER}/{test.name}" for test in read_tests(migrations, files) if test.migration in names]


def _swap_local(files: Sequence[Migration], path: Path, table: str, folder: str) -> None:
    """Swap the rows of squashed files in the ledger of a local database.

    Raises:
        PlanRefused: It lacks some of the files.
    """
    swapped: tuple[Migration, ...] = ()
    if path.is_file():
        with opened_alone(path, BUSY.format(path)) as database:
            plan = make_plan(files, live.read_database(database, table).ledger, {})
            if refused := [item.in_folder(folder) for item in plan.problems if item.problem is Problem.SQUASHED]:
                raise PlanRefused("\n".join(("nothing was changed:", *refused)))
            swapped = tuple(file for file in plan.pending if file.replaces)
            for file in swapped:
                run_script(database.connection, ledger.swap(table, file.name, file.replaces))
    for file in swapped:
        say(f"{path}: {file.name} is in place of {counted(len(file.replaces), 'file')}")
    if not swapped:
        say("nothing to do: wrangler's local database has no files that are squashed now")


def _finish(
    migrations: MigrationsFolder,
    files: Sequence[Migration],
    squashed: Migration,
    left: Sequence[Migration],
    *,
    dry_run: bool,
) -> None:
    """Delete the old files that a command which was killed has left."""
    place = f"{migrations.name}/{squashed.name}"
    if not left:
        say(f"nothing to do: {place} is in place of these files")
    elif dry_run:
        say(f"{place} is there already; without --dry-run, {counted(len(left), 'old file')} would be deleted")
    else:
        say(f"{place} is there already")
        _delete(migrations, left, _tests_of(migrations, files, left))


def _delete(migrations: MigrationsFolder, files: Sequence[Migration], tests: Sequence[str]) -> None:
    """Delete the tests of the old files, and then the files: the next command finds those that are left."""
    names = [*tests, *(file.name for file in files)]
    lost = uncommitted(migrations.path, names)
    delete_files(migrations.path, [migrations.path / name for name in names])
    if tests:
        say(f"deleted {counted(len(tests), 'test')} of the files")
    say(f"deleted {counted(len(files), 'file')}{'' if lost else '; git keeps them'}")
    say("next: commit this; then 'pulumi up' for each stack, and 'd1 squash --local' for wrangler dev")


def _report(result: Squash, old: Sequence[Migration], *, err: bool) -> None:
    """Print what was proved."""
    contents = f"{counted(result.objects, 'object')} and {format_rows(sum(result.rows.values()))}"
    say(f"{len(old)} files and the new one leave the same database: {contents}", err=err)
    for table, number in islice(result.rows.items(), _MOST_TABLES):
        say(escape_line(f"  {table}: {format_rows(number)}"), err=err)
    if (more := len(result.rows) - _MOST_TABLES) > 0:
        say(f"  ... and {counted(more, 'more table')}", err=err)
    for line in result.moving:
        say(escape_line(f"  {line}: the time of the run, as in the old files"), err=err)
    if contracts := [file.name for file in old if file.is_contract]:
        say(f"  contract files: {', '.join(contracts)}; each stack must have them before it gets the new file", err=err)


def _refuse_uncommitted(migrations: MigrationsFolder, names: Sequence[str]) -> None:
    """Refuse to delete what git does not have.

    Raises:
        PlanRefused: The text of a file is not in git's last commit.
    """
    if lost := uncommitted(migrations.path, names):
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        raise PlanRefused(
            f"nothing was written: {migrations.name}/{lost[0]}{more}: not committed to git, so its text would be lost. "
            "Commit it first, or use --force"
        )
