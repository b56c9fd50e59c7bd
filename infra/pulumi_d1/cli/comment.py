"""`d1 comment`: the review of some stacks as a pull request comment."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.options import complete_stacks
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_review import annotate_stack, report_stack
from pulumi_d1.cli.support.stack_state import applied_checksums
from pulumi_d1.errors import D1Error
from pulumi_d1.reports.comment import render_comment
from pulumi_d1.reports.review_sarif import reviews_sarif
from pulumi_d1.reports.stack_report import StackReport
from pulumi_d1.system.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.reports.annotations import Annotation

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class _Report:
    report: StackReport
    exit_code: ExitCode
    annotations: tuple[Annotation, ...]


@click.command()
@click.option(
    "--stack",
    "names",
    multiple=True,
    shell_complete=complete_stacks,
    help="Stack to include; repeatable.  [default: dev]",
)
@click.option("--offline", is_flag=True, help="Run all files on an empty database; read no real one.")
@click.option("--state", is_flag=True, help="Report edited files too, by checksums in Pulumi's state.")
@click.option("--output", type=_FILE, metavar="FILE", help="Write to this file.")
@click.option("--sarif", type=_FILE, metavar="FILE", help="Write the findings, too, as SARIF for code scanning.")
@click.pass_context
def comment(  # noqa: PLR0913 - click's signature: an argument for each option
    context: click.Context,
    *,
    names: Sequence[str],
    offline: bool,
    state: bool,
    output: Path | None,
    sarif: Path | None,
) -> None:
    r"""Render the review of a pull request as Markdown.

    Lists pending files, the schema changes they make, and any problems. GitHub does not show the first line, '<!-- d1
    comment -->'; the next run finds the comment by it. The text fits into one GitHub comment. Sends nothing.

    Without access to the databases, as in a pull request from a fork, use --offline.

    Exit code, for all stacks together: 0 nothing to do, 2 files are pending, 1 there are errors.

    \b
    Examples:
      d1 comment --stack dev --stack prod
      d1 comment --stack prod --state --output comment.md --sarif d1.sarif
      d1 comment --offline >> "$GITHUB_STEP_SUMMARY"
    """
    if offline and state:
        raise click.UsageError("--state reads Pulumi's state, and --offline reads nothing: use one of them")
    folder = project.root()
    stacks = tuple(dict.fromkeys(names or ("dev",)))
    checksums = applied_checksums(stacks) if state else {}
    reports = [_report(folder, stack, checksums.get(stack, {}), offline=offline) for stack in stacks]
    text = render_comment(item.report for item in reports)
    if output:
        write_atomically(output, text, mode=0o644)
    else:
        print_data(text)
    if sarif:
        findings = ((item.report.stack, item.annotations) for item in reports if not item.report.error)
        write_atomically(sarif, reviews_sarif(findings, version("pulumi-d1")), mode=0o644)
    codes = {item.exit_code for item in reports}
    context.exit(next((code for code in (ExitCode.FAILED, ExitCode.PENDING) if code in codes), ExitCode.OK))


def _report(folder: Path, stack: str, checksums: Mapping[str, str], *, offline: bool) -> _Report:
    """Return the report on a stack. A stack that cannot be read must not hide the others."""
    try:
        report, review = report_stack(folder, stack, checksums, offline=offline)
    except D1Error as error:
        say(f"{stack}: {error}", err=True)
        return _Report(StackReport(stack, offline=offline, error=str(error)), ExitCode.FAILED, ())
    annotations, _ = annotate_stack(review, folder, stack)
    return _Report(report, review.exit_code, annotations)
