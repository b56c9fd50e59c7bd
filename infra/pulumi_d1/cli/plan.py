"""`d1 plan`: what `pulumi up` would do to a database, without running its program."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_review import review_stack
from pulumi_d1.cli.support.stack_state import applied_checksums
from pulumi_d1.errors import ConfigError
from pulumi_d1.reports.review_json import review_json
from pulumi_d1.reports.review_text import format_review, summary

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@stack_option("Stack whose database to review.")
@click.option("--offline", is_flag=True, help="Run all files on an empty database. Exits with 0 or 1.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def plan(context: click.Context, *, stack: str, offline: bool, as_json: bool) -> None:
    r"""Show pending migrations and their problems.

    Shows the schema changes they make and the drift, too. Runs no Pulumi program, and writes nothing. If pulumi is on
    PATH and can read the stack's state, its checksums show which applied files were edited or renamed.

    Exit code: 0 nothing to do, 2 files are pending, 1 there are errors, 3 only the schema has drifted.

    \b
    Examples:
      d1 plan --stack prod
      d1 plan --offline          in an editor, or before a commit
      d1 plan --json | jq .errors
    """
    checksums = {} if offline else _checksums(stack)
    stack_review = review_stack(project.root(), stack, checksums, offline=offline)
    for hint in stack_review.hints:
        say(f"warning: {hint}", err=True)
    review, policy = stack_review.review, stack_review.policy
    name, folder = stack_review.settings.database_name, stack_review.settings.migrations_dir
    if as_json:
        print_data(review_json(review, name, folder, policy, stack_review.hints))
    else:
        text = format_review(review, name, folder, policy)
        say("\n".join(line for line in (text, summary(review, name, policy)) if line))
    context.exit(stack_review.exit_code)


def _checksums(stack: str) -> Mapping[str, str]:
    """Return the checksums in the stack's state; none without pulumi, or with a warning if it cannot read the state."""
    if shutil.which("pulumi") is None:
        return {}
    try:
        return applied_checksums({stack}).get(stack, {})
    except ConfigError as error:
        say(f"warning: edited and renamed files cannot be found: {error}", err=True)
        return {}
