"""`d1 test`: run the tests of the migrations on local databases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.passed_over import TESTS_FOLDER
from pulumi_d1.migrations.rehearsal.process import WORKERS, OverBudgetError
from pulumi_d1.reports.row_test_report import results_junit, results_text
from pulumi_d1.row_tests.row_test import read_tests
from pulumi_d1.row_tests.run import run_tests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.row_tests.row_test import RowTest


@click.command()
@click.argument("names", nargs=-1, metavar="[TEST]...")
@stack_option("Stack whose migrations to test.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "junit"]),
    default="text",
    show_default=True,
    help="Report to print.",
)
@click.pass_context
def test(context: click.Context, *, names: Sequence[str], stack: str, output: str) -> None:
    r"""Run the tests of the migrations.

    A test is an SQL file in the folder 'tests' of the migrations, with the name of a migration, such as 0004_tags.sql
    or 0004_tags.empty.sql. Above the line '-- d1:after', it inserts rows as they are before the migration. Below that
    line, each value of a SELECT must be true. A test has a local database of its own, which has run the migrations
    before. Needs no access to Cloudflare.

    TEST is the name of a test, without its folder. Without any, all tests run.

    Exit code: 0 all tests passed, 1 a test failed.

    \b
    Examples:
      d1 test
      d1 test 0004_tags.sql
      d1 test --format junit > tests.xml       in CI
    """
    folder = project.root()
    settings = project.settings(folder, stack, needs_account=False)
    migrations = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder)
    files = migrations.read()
    tests = _chosen(read_tests(migrations, files), names)
    if not tests:
        say(f"there are no tests in {migrations.name}/{TESTS_FOLDER}", err=True)
    task = partial(run_tests, files, tests, settings.migrations_table)
    seconds = settings.rehearsal_budget
    try:
        with waiting("running the tests"):
            results = WORKERS.run(task, (), seconds, sum(len(file.sql) for file in files)) if tests else ()
    except OverBudgetError as error:
        at = f"{migrations.name}/{TESTS_FOLDER}/{error.at[0]}" if error.at else migrations.name
        raise ConfigError(
            f"{at}: the tests took longer than {seconds} s: nothing is known about this one and those behind it. A "
            "longer time is set with 'pulumi config set rehearsalBudget 120'"
        ) from None
    if output == "junit":
        print_data(results_junit(results, migrations.name))
    elif results:
        say(results_text(results, migrations.name))
    context.exit(ExitCode.FAILED if any(result.failure for result in results) else ExitCode.OK)


def _chosen(tests: Sequence[RowTest], names: Sequence[str]) -> tuple[RowTest, ...]:
    """Return the tests that the user named; all if none is named.

    Raises:
        ConfigError: There is no such test.
    """
    known = {test.name for test in tests}
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"there is no test {unknown[0]}. Tests: {', '.join(sorted(known)) or 'none'}")
    return tuple(test for test in tests if not names or test.name in names)
