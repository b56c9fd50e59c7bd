"""`d1 report`: environments, pending files, schemas and pasts on one page."""

from __future__ import annotations

from contextlib import chdir
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.environments import in_order
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.options import complete_stacks
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.stack_review import report_stack
from pulumi_d1.cli.support.stack_state import find_one, read_stack, refuse_unknown, stack_names
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import D1Error
from pulumi_d1.migrations import live
from pulumi_d1.migrations.past.events import join_history
from pulumi_d1.reports.page import EnvironmentReport, render_page
from pulumi_d1.reports.stack_report import StackReport
from pulumi_d1.system.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--stack",
    "only",
    multiple=True,
    shell_complete=complete_stacks,
    help="Stack to show; repeatable.  [default: all stacks]",
)
@click.option(
    "--output", type=_FILE, default="report.html", show_default=True, metavar="FILE", help="Write to this file."
)
@click.pass_context
def report(context: click.Context, *, only: Sequence[str], output: Path) -> None:
    r"""Write a page about all environments.

    One HTML file for a browser, a printer or the artifacts of CI. It has the state of each environment, the pending
    files with findings at their lines, the schema before and after as a diagram, and the history with what can be
    restored. It loads nothing from a network. It contains the SQL of pending files and no rows, so it is for those who
    may read the repository. Reads each database.

    Exit code: 0, or 1 if an environment cannot be read. The page is written anyway, and has the reason.

    \b
    Examples:
      d1 report
      d1 report --stack prod --output prod.html
    """
    folder, target = project.root(), output.absolute()
    with chdir(folder):
        known = stack_names()
        refuse_unknown(only, known)
        stacks = in_order(set(only) or set(known) or project.configured_stacks(folder))
        with waiting("reading environments", len(stacks)) as advance:
            environments = []
            for stack in stacks:
                environments.append(_environment(folder, stack, known))
                advance()
    name = project.read_mapping(folder / "Pulumi.yaml").get("name")
    page = render_page(str(name), environments, datetime.now(UTC), version("pulumi-d1"))
    write_atomically(target, page, mode=0o644)
    say(f"{output}: written")
    failed = any(item.report.error for item in environments)
    context.exit(ExitCode.FAILED if failed else ExitCode.OK)


def _environment(folder: Path, stack: str, known: Collection[str]) -> EnvironmentReport:
    """Return the report on an environment. One that cannot be read must not hide the others."""
    try:
        state = find_one(stack, read_stack(stack).environments) if stack in known else None
        reported, review = report_stack(folder, stack, state.checksums if state else {}, offline=False)
        events = None
        if review.database:
            current = live.read_database(review.database, review.settings.migrations_table)
            events = join_history(state.history if state else (), current)
    except D1Error as error:
        say(f"{stack}: {error}", err=True)
        return EnvironmentReport(StackReport(stack, error=str(error)), False, None, timedelta())  # noqa: FBT003
    return EnvironmentReport(reported, state is not None, events, timedelta(days=review.settings.retention_days))
