"""`d1 comment`: what a pull request would do to some stacks, as a comment for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support.options import stacks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.reports.comment import StackReport


@click.command(short_help="Render what is pending for a pull request.")
@click.option(
    "--stack",
    "names",
    multiple=True,
    shell_complete=stacks,
    help="An environment to tell of; may be given again.  [default: dev]",
)
@click.option("--offline", is_flag=True, help="Ask no database: run the whole folder from nothing.")
@click.option("--state", is_flag=True, help="Name edited files, too: Pulumi's state knows what they were.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there.")
@click.pass_context
def comment(context: click.Context, *, names: Sequence[str], offline: bool, state: bool, output: Path | None) -> None:
    r"""Render Markdown for a pull request: what is pending, what it makes of the schema, what is wrong with it.

    Its first line is '<!-- d1 comment -->', which GitHub does not show, and by which the next run finds it to put the
    new text in its place. It is never longer than GitHub takes. Nothing is sent anywhere.

    Without access to the databases, as in a pull request from a fork, --offline runs the files on an empty one.

    \b
    Exit code, of all environments together: 0 nothing to do, 2 files are pending, 1 something stops them.

    \b
    Examples:
      d1 comment --stack dev --stack prod
      d1 comment --stack prod --state --output comment.md
      d1 comment --offline >> "$GITHUB_STEP_SUMMARY"
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.stack_review import NOTHING, PENDING, PROBLEM
    from pulumi_d1.reports.comment import render_comment
    from pulumi_d1.system.files import write_atomically

    if offline and state:
        raise click.UsageError("--state asks Pulumi's state, and --offline asks nobody: give one of them")
    folder = project.root()
    stacks = tuple(dict.fromkeys(names or ("dev",)))
    recorded = _recorded(stacks) if state else {}
    found = [_subject(folder, stack, recorded.get(stack, {}), offline=offline) for stack in stacks]
    text = render_comment(subject for subject, _ in found)
    if output:
        write_atomically(output, text, mode=0o644)
    else:
        click.echo(text, nl=False)
    codes = {code for _, code in found}
    context.exit(PROBLEM if PROBLEM in codes else PENDING if PENDING in codes else NOTHING)


def _recorded(names: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """Digests of the files that each stack has applied, by their names; without the stacks that Pulumi does not know.

    Raises:
        ConfigError: pulumi refuses.
    """
    from pulumi_d1.cli.support import stack_state as stacks

    return {name: stacks.checksums(name) for name in stacks.names() if name in names}


def _subject(folder: Path, stack: str, recorded: Mapping[str, str], *, offline: bool) -> tuple[StackReport, int]:
    """What to tell of a stack, and its exit code. What can't be read is told as such: it must not hide the others."""
    from datetime import timedelta

    from pulumi_d1.cli.support.stack_review import PROBLEM, reviewed
    from pulumi_d1.errors import D1Error
    from pulumi_d1.migrations.bookmark import bookmark_now
    from pulumi_d1.reports.comment import StackReport

    try:
        found = reviewed(folder, stack, recorded, offline=offline)
        now = found.database.bookmark() if found.database else None
    except D1Error as error:
        click.echo(f"{stack}: {error}", err=True)
        return StackReport(stack, offline=offline, error=str(error)), PROBLEM
    settings = found.settings
    subject = StackReport(
        stack,
        database=settings.database_name,
        folder=settings.migrations_dir,
        review=found.review,
        policy=found.policy,
        offline=offline,
        bookmark=bookmark_now(now, timedelta(days=settings.retention_days)) if now else None,
    )
    return subject, found.code
