"""The page of `d1 report`: environments, pending files, schemas and pasts in one HTML file. Pure.

The file loads nothing and runs nothing. Its Content-Security-Policy allows its own style and forbids the rest.
"""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pulumi_d1.escaping import escape_lines
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.naming import title_of
from pulumi_d1.reports import schema_picture
from pulumi_d1.reports.listing import ListedFile, MarkedFinding, list_file
from pulumi_d1.reports.marked_schema import mark_changes
from pulumi_d1.reports.review_text import counted, drift_lines
from pulumi_d1.reports.status_table import GONE, UNREACHABLE, status_of
from pulumi_d1.reports.timeline import WIDTH, Timeline, timeline
from pulumi_d1.system.packaged import packaged_folder
from pulumi_d1.system.template import render_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from pulumi_d1.migrations.past.events import HistoryEvent
    from pulumi_d1.migrations.plan import FolderProblem
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.reports.schema_picture import Picture
    from pulumi_d1.reports.stack_report import StackReport
    from pulumi_d1.sqlite.difference import SchemaChange

MOST_FILES: Final = 50
"""Pending files whose lines are shown; the rest are listed by name."""

MOST_LINES: Final = 200
"""Lines of a list, such as the changes of a schema."""


@dataclass(frozen=True, slots=True)
class EnvironmentReport:
    """An environment to report on.

    Attributes:
        report: The review of its stack.
        exists: True if the stack's state has a database.
        events: The past of the database, oldest first; None if it was not read.
        retention: How long Cloudflare keeps bookmarks.
    """

    report: StackReport
    exists: bool
    events: tuple[HistoryEvent, ...] | None
    retention: timedelta


@dataclass(frozen=True, slots=True)
class _Section:
    """An environment as the template shows it.

    Attributes:
        anchor: The id of its heading.
        status: Its state in words, as in `d1 status`.
        level: The state as a CSS class: `ok`, `pending`, `stop` or `unknown`.
        problems: The problems of the folder, each with its level.
        files: The first pending files with their findings.
        more_files: Names of the other pending files.
    """

    anchor: str
    title: str
    report: StackReport
    status: str
    level: str
    last: str
    errors: int
    warnings: int
    problems: tuple[tuple[str, FolderProblem], ...] = ()
    files: tuple[ListedFile, ...] = ()
    more_files: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    changes: tuple[SchemaChange, ...] = ()
    picture: Picture | None = None
    past: Timeline | None = None


def render_page(project: str, environments: Iterable[EnvironmentReport], now: datetime, version: str) -> str:
    """Return the page as HTML.

    Args:
        project: The project's name.
        version: The version of this program.
    """
    style = (packaged_folder("templates") / "report.css").read_text(encoding="utf-8")
    sections = [_section(item, f"environment-{number}", now) for number, item in enumerate(environments, 1)]
    page = render_html(
        "report.html.j2",
        {"counted": counted, "quote": shlex.quote},
        project=project,
        sections=sections,
        now=now,
        version=version,
        style=_Style(style),
        width=WIDTH,
        row=schema_picture.ROW,
        header=schema_picture.HEADER,
        box_width=schema_picture.BOX_WIDTH,
        most=MOST_LINES,
    )
    return escape_lines(page)


class _Style(str):
    """Our style sheet, which the template does not escape."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)

    @property
    def digest(self) -> str:
        """The source in a Content-Security-Policy that allows it."""
        return f"'sha256-{b64encode(sha256(self.encode()).digest()).decode()}'"


def _section(environment: EnvironmentReport, anchor: str, now: datetime) -> _Section:
    report = environment.report
    title, review = title_of(report.stack), report.review
    if review is None or report.policy is None:
        return _Section(anchor, title, report, UNREACHABLE, "unknown", "", 0, 0)
    problems, findings = review.errors(report.policy), review.warnings(report.policy)
    errors, warnings = sum(map(len, problems)), sum(map(len, findings))
    files = tuple(_files(review, problems[1], findings[1]))
    plan = review.plan
    status = status_of(plan.applied, (*plan.pending, *plan.waiting))
    if environment.exists and report.bookmark is None:
        status = GONE
    schemas = review.rehearsal and mark_changes(review.rehearsal.before, review.rehearsal.after, review.changes)
    return _Section(
        anchor=anchor,
        title=title,
        report=report,
        status=f"{status}, drifted" if review.drift else status,
        level="stop" if errors else "pending" if plan.pending or review.drift or status == GONE else "ok",
        last=plan.applied[-1] if plan.applied else "",
        errors=errors,
        warnings=warnings,
        problems=(
            *(("error", problem) for problem in problems[0]),
            *(("warning", problem) for problem in findings[0]),
        ),
        files=files[:MOST_FILES],
        more_files=tuple(file.name for file in files[MOST_FILES:]),
        drift=drift_lines(review.drift),
        changes=review.changes,
        picture=schema_picture.draw(schemas) if schemas and schemas.tables else None,
        past=timeline(environment.events, environment.retention, now) if environment.events is not None else None,
    )


def _files(review: Review, errors: Sequence[Finding], warnings: Sequence[Finding]) -> Iterator[ListedFile]:
    """Yield the pending files with their findings, those with errors first."""
    found: defaultdict[str, list[MarkedFinding]] = defaultdict(list)
    for level, findings in (
        ("error", errors),
        ("warning", warnings),
        ("note", [finding for finding in review.findings if finding.waiver]),
    ):
        for finding in findings:
            found[finding.name].append(MarkedFinding(level, finding))
    files = [list_file(file, found[file.name]) for file in review.plan.pending if isinstance(file, Migration)]
    yield from sorted(files, key=lambda file: (not file.errors, not file.warnings))
