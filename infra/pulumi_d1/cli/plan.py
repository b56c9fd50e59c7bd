"""`d1 plan`: what `pulumi up` would do to a database, without running its program."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import stack_option, through_option
from pulumi_d1.cli.support.output import print_annotations, print_data, say
from pulumi_d1.cli.support.stack_review import annotate_stack, review_stack
from pulumi_d1.cli.support.stack_state import applied_checksums
from pulumi_d1.errors import ConfigError
from pulumi_d1.reports.review_github import review_github
from pulumi_d1.reports.review_json import review_json
from pulumi_d1.reports.review_junit import review_junit
from pulumi_d1.reports.review_sarif import reviews_sarif
from pulumi_d1.reports.review_text import format_review, summary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi_d1.cli.support.stack_review import StackReview

_FORMATS = ("text", "json", "github", "sarif", "junit")


@click.command()
@stack_option("Stack whose database to review.")
@through_option
@click.option("--offline", is_flag=True, help="Run all files on an empty database. Exits with 0 or 1.")
@click.option(
    "--format", "output", type=click.Choice(_FORMATS), default="text", show_default=True, help="Format of the report."
)
@click.option("--json", "output", flag_value="json", help="Print JSON: the same as --format json.")
@click.pass_context
def plan(context: click.Context, *, stack: str, through: str | None, offline: bool, output: str) -> None:
    r"""Show pending migrations and their problems.

    Shows the schema changes they make and the drift, too. Runs no Pulumi program, and writes nothing. If pulumi is on
    PATH and can read the stack's state, its checksums show which applied files were edited or renamed.

    'github' prints annotations for the log of a workflow, 'sarif' a log for code scanning, and 'junit' a test report.
    Their paths start at the root of the repository.

    Exit code: 0 nothing to do, 2 files are pending, 1 there are errors, 3 only the schema has drifted.

    \b
    Examples:
      d1 plan --stack prod
      d1 plan --offline          in an editor, or before a commit
      d1 plan --json | jq .errors
      d1 plan --stack prod --through 0004_tags.sql
      d1 plan --stack prod --format junit > d1.xml
    """
    folder = project.root()
    checksums = {} if offline else _checksums(stack)
    stack_review = review_stack(folder, stack, checksums, offline=offline, through=through)
    for hint in stack_review.hints:
        say(f"warning: {hint}", err=True)
    printed = {"text": say, "github": print_annotations}.get(output, print_data)
    if report := _report(stack_review, folder, stack, output):
        printed(report)
    context.exit(stack_review.exit_code)


def _report(stack_review: StackReview, folder: Path, stack: str, output: str) -> str:
    review, policy = stack_review.review, stack_review.policy
    name, migrations = stack_review.settings.database_name, stack_review.settings.migrations_dir
    if output == "json":
        return review_json(review, name, migrations, policy, stack_review.hints, stack_review.notes)
    if output == "text":
        text = format_review(review, name, migrations, policy, notes=stack_review.notes)
        return "\n".join(line for line in (text, summary(review, name, policy)) if line)
    annotations, places = annotate_stack(stack_review, folder, stack)
    if output == "github":
        return "\n".join(filter(None, [review_github(annotations), summary(review, name, policy)]))
    if output == "sarif":
        return reviews_sarif([(stack, annotations)], version("pulumi-d1"))
    return review_junit(annotations, (file.name for file in review.plan.pending), places)


def _checksums(stack: str) -> Mapping[str, str]:
    """Return the checksums in the stack's state; none without pulumi, or with a warning if it cannot read the state."""
    if shutil.which("pulumi") is None:
        return {}
    try:
        return applied_checksums({stack}).get(stack, {})
    except ConfigError as error:
        say(f"warning: edited and renamed files cannot be found: {error}", err=True)
        return {}
