"""`d1 status`: a table of the project's environments, for a terminal, a script or a document."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import chdir
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.environments import environments
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.options import complete_stacks
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.table import EMPTY, print_table
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.review.limits import size_text
from pulumi_d1.reports.document_file import block_difference, write_block
from pulumi_d1.reports.status_table import status_table, with_local_rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.reports.status_table import StatusRow

BLOCK: Final = "d1 status"
"""Name of the table's block in a document."""

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--stack",
    "only",
    multiple=True,
    shell_complete=complete_stacks,
    help="Stack to show; repeatable.  [default: all stacks]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--write", type=_FILE, metavar="FILE", help="Write the table into a Markdown file.")
@click.option("--check", type=_FILE, metavar="FILE", help="Write nothing. Exit with 1 if the file's table differs.")
@click.pass_context
def status(
    context: click.Context, *, only: Sequence[str], as_json: bool, write: Path | None, check: Path | None
) -> None:
    r"""Show the migrations of every environment.

    Lists the newest applied file, the number of pending files, drift, and until when the last run can be undone. Reads
    each database. 'Local' is the database of `wrangler dev` for the binding of dev. An environment that cannot be read
    gets an error and hides no other.

    In FILE, the table stands between the lines '<!-- d1 status -->' and '<!-- /d1 status -->'. --write appends them if
    they are missing, creates a file that does not exist, and leaves the rest of a file as it is. --check ignores the
    row 'Local', which differs on each machine.

    Exit code: 0, or 1 if an environment cannot be read or --check finds a difference.

    \b
    Examples:
      d1 status
      d1 status --json | jq '.[] | select(.pending != [])'
      d1 status --write docs/database.md
      d1 status --stack dev --stack prod --check docs/database.md       in CI
    """
    if sum((as_json, write is not None, check is not None)) > 1:
        raise click.UsageError("--json, --write and --check exclude one another: use one of them")
    folder = project.root()
    with chdir(folder):
        rows = environments(folder, only)
    problems = _problems(rows)
    for line in problems:
        say(line, err=True)
    if as_json:
        print_data(json.dumps([asdict(row) for row in rows], indent=2))
    elif document := write or check:
        _write_or_check(document, rows, problems, write=write is not None)
    else:
        _print(rows)
    context.exit(ExitCode.FAILED if problems else ExitCode.OK)


def _problems(rows: Sequence[StatusRow]) -> list[str]:
    """Return one line for each error, with all environments that have it."""
    titles: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.error:
            titles[row.error].append(row.title)
    return [f"{', '.join(names)}: {error}" for error, names in titles.items()]


def _write_or_check(path: Path, rows: Sequence[StatusRow], problems: Sequence[str], *, write: bool) -> None:
    """Write the table into a document, or compare it with the one there.

    Raises:
        ConfigError: An environment cannot be read, the file is invalid, or its table differs.
    """
    if problems:
        raise ConfigError(f"{path}: left unchanged, because not every environment can be read")
    table = status_table(rows)
    if write:
        changed = write_block(path, BLOCK, table)
        say(f"{path}: {'written' if changed else 'up to date'}")
    elif lines := block_difference(path, BLOCK, lambda text: with_local_rows_of(text, table)):
        say("\n".join(lines))
        raise ConfigError(f"{path}: is not up to date: run 'd1 status --write {path}'")


def _print(rows: Sequence[StatusRow]) -> None:
    headings = ("Database", "Status", "Last Migration", "Time Travel Enabled", "Name", "Restorable Until")
    print_table(headings, [[*row.cells, row.database or EMPTY, row.bookmark_expires or EMPTY] for row in rows])
    for row in rows:
        for line in (*row.drift, *_limits(row)):
            say(f"{row.database or row.title}: {line}")


def _limits(row: StatusRow) -> Sequence[str]:
    """Return one line with the size of the database and the notes about it; none if its size is not known."""
    if row.size is None or row.size_limit is None:
        return ()
    return ("; ".join((size_text(row.size, row.size_limit), *row.notes)),)
