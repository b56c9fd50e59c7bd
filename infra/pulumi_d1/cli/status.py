"""`d1 status`: a table of the project's environments, for a terminal, a script, or a document."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import chdir
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support.options import stacks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.reports.status_table import StatusRow

BLOCK = "d1 status"
"""Name of the table's place in a document."""

PROBLEM = 1
"""Exit code where an environment can't be read, or the document is not as it should be."""

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help="Show every environment: applied and pending.")
@click.option(
    "--stack",
    "only",
    multiple=True,
    shell_complete=stacks,
    help="A stack to show; may be given again. Otherwise all of them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--write", type=_FILE, metavar="FILE", help="Put the table into a Markdown file.")
@click.option("--check", type=_FILE, metavar="FILE", help="Write nothing. Fail where the file has another table.")
@click.pass_context
def status(
    context: click.Context, *, only: Sequence[str], as_json: bool, write: Path | None, check: Path | None
) -> None:
    r"""Show every environment: what is applied, what is pending, and how long the way back stays open.

    Pulumi knows the stacks; what is applied is read from each database. 'Local' is the database that wrangler keeps
    on this machine for the binding of dev. An environment that can't be read says so, and hides no other.

    In FILE the table stands between the lines '<!-- d1 status -->' and '<!-- /d1 status -->', which are put at its
    end where it has none. The rest of the file stays as it is. --check leaves out the row of 'Local', which is
    another one on every machine.

    \b
    Exit code: 0, or 1 where an environment can't be read or --check finds a difference.

    \b
    Examples:
      d1 status
      d1 status --json | jq '.[] | select(.pending != [])'
      d1 status --write docs/database.md
      d1 status --stack dev --stack prod --check docs/database.md       in CI
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.environments import environments

    if sum((as_json, write is not None, check is not None)) > 1:
        raise click.UsageError("--json, --write and --check are three different things to do: give one of them")
    folder = project.root()
    with chdir(folder):
        found = environments(folder, only)
    problems = _problems(found)
    for line in problems:
        click.echo(line, err=True)
    if as_json:
        click.echo(json.dumps([asdict(environment) for environment in found], indent=2))
    elif document := write or check:
        _document(document, found, problems, write=write is not None)
    else:
        _print_table(found)
    context.exit(PROBLEM if problems else 0)


def _problems(environments: Sequence[StatusRow]) -> list[str]:
    """A line for each reason why something can't be read, with all that it keeps from being read."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for environment in environments:
        if environment.error:
            by_reason[environment.error].append(environment.title)
    return [f"{', '.join(titles)}: {reason}" for reason, titles in by_reason.items()]


def _document(path: Path, environments: Sequence[StatusRow], problems: Sequence[str], *, write: bool) -> None:
    """Writes the table into a document, or holds it against the one that is there.

    Raises:
        ConfigError: not everything is known that belongs into it, or the file is not what it should be.
    """
    from pulumi_d1.errors import ConfigError
    from pulumi_d1.reports.document_file import block_difference, write_block
    from pulumi_d1.reports.status_table import status_table, with_local_rows_of

    if problems:
        raise ConfigError(f"{path}: left as it is, since what belongs there is not known")
    table = status_table(environments)
    if write:
        changed = write_block(path, BLOCK, table)
        click.echo(f"{path}: {'written' if changed else 'up to date'}")
    elif lines := block_difference(path, BLOCK, lambda text: with_local_rows_of(text, table)):
        click.echo("\n".join(lines))
        raise ConfigError(f"{path}: is not up to date: run 'd1 status --write {path}'")


def _print_table(environments: Sequence[StatusRow]) -> None:
    from pulumi_d1.cli.support.table import print_table

    headings = ("Database", "Status", "Last Migration", "Time Travel Enabled", "Name", "Restorable Until")
    print_table(headings, ([*item.cells, item.database or "-", item.bookmark_expires or "-"] for item in environments))
    for environment in environments:
        for line in environment.drift:
            click.echo(f"{environment.database or environment.title}: {line}")
