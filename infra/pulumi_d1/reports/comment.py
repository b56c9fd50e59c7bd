"""The reviews of some stacks as one pull request comment. Pure."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.naming import TITLES, title_of
from pulumi_d1.reports.change_diagram import change_diagram, drawable
from pulumi_d1.reports.markdown import cell, code, fenced
from pulumi_d1.reports.marked_schema import mark_changes
from pulumi_d1.reports.review_text import change_line, counted, drift_lines, pending_line
from pulumi_d1.system.template import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_d1.migrations.plan import FolderProblem
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.reports.marked_schema import MarkedSchema
    from pulumi_d1.reports.stack_report import StackReport

MARKER: Final = "<!-- d1 comment -->"
"""First line of every comment. GitHub does not show it; the next run finds the comment by it."""

LIMIT: Final = 65_536
"""GitHub's limit: "body is too long (maximum is 65536 characters)". We count bytes, of which there are never fewer."""

_ALL: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class _Block:
    """One block of a section.

    Attributes:
        items: Lines, or the names of the changed tables of a diagram.
        language: Language of a code block; empty for a Markdown list.
        is_folded: True if readers have to open it.
        diagram: The schema of a diagram; None for lines.
    """

    heading: str
    items: tuple[str, ...]
    language: str = ""
    is_folded: bool = False
    diagram: MarkedSchema | None = None

    def body(self, most: int) -> str:
        """Return at most so many of the items as Markdown."""
        if self.diagram and most:
            return f"```mermaid\n{change_diagram(drawable(self.diagram, most))}\n```"
        shown = list(self.items[:most])
        if self.language and shown:
            return fenced(shown, self.language)
        return "\n".join(f"- {item}" for item in shown)

    def left_out(self, most: int) -> int:
        """Return the number of items that `body` leaves out."""
        if self.diagram and most:
            return len(self.items) - sum(table.has_changes for table in drawable(self.diagram, most).tables)
        return max(0, len(self.items) - most)


@dataclass(frozen=True, slots=True)
class _Section:
    """A stack as the template shows it.

    Attributes:
        title: The environment's title, as Markdown.
        figures: Numbers of applied files, pending files, errors and warnings; a dash for an unknown one.
        blocks: The blocks, the most important first.
    """

    title: str
    report: StackReport
    figures: tuple[str, str, str, str]
    blocks: tuple[_Block, ...]

    @property
    def command(self) -> str:
        """The command that prints the whole review."""
        return f"d1 plan --stack {self.report.stack}{' --offline' if self.report.offline else ''}"


def render_comment(reports: Iterable[StackReport]) -> str:
    """Return Markdown that starts with MARKER and has at most LIMIT bytes.

    If the whole is longer, every block has only its first items, as many as fit, and names the command that prints the
    rest. If even one item each is too long, only the first stacks are shown.
    """
    sections = tuple(map(_section, reports))

    def is_too_long(stacks: int, items: int) -> bool:
        return len(_render(sections, stacks, items).encode()) > LIMIT

    stacks, items = len(sections), _ALL
    if is_too_long(stacks, items):
        most = max((len(block.items) for section in sections for block in section.blocks), default=0)
        items = bisect_left(range(1, most + 1), x=True, key=lambda some: is_too_long(stacks, some))
    if is_too_long(stacks, items):
        stacks = bisect_left(range(1, stacks + 1), x=True, key=lambda some: is_too_long(some, items))
    return _render(sections, stacks, items)


def _render(sections: Sequence[_Section], stacks: int, items: int) -> str:
    values = {"marker": MARKER, "sections": sections[:stacks], "left_out": len(sections) - stacks, "most": items}
    return render("comment.md.j2", {"code": code, "cell": cell, "counted": counted}, **values)


def _section(report: StackReport) -> _Section:
    name = title_of(report.stack)
    title = name if name in TITLES else code(name)
    review = report.review
    if review is None or report.policy is None:
        return _Section(title, report, ("-", "-", "-", "-"), ())
    errors, warnings = review.errors(report.policy), review.warnings(report.policy)
    figures = (
        "-" if report.offline else str(len(review.plan.applied)),
        str(len(review.plan.pending)),
        str(sum(map(len, errors))),
        str(sum(map(len, warnings))),
    )
    waived = [finding for finding in review.findings if finding.waiver]
    blocks = (
        _Block("Errors", tuple(_findings(*errors, report.folder))),
        _Block("Could not be rehearsed", (code(review.obstacle),) if review.obstacle else ()),
        _Block("Rehearsal", (code(review.basis),) if review.basis else ()),
        _Block("Pending", tuple(map(pending_line, review.plan.pending)), "text"),
        _Block("Waiting", (code(review.plan.waiting_line),) if review.plan.waiting else ()),
        *_schema(report, review),
        _Block("Row changes", tuple(map(str, review.row_changes)), "text"),
        _Block("Warnings", tuple(_findings(*warnings, report.folder))),
        _Block("Not read", tuple(map(code, report.hints)), is_folded=True),
        _Block("Drift", drift_lines(review.drift), "text"),
        _Block("Allowed in the files", tuple(_findings((), waived, report.folder)), is_folded=True),
    )
    return _Section(title, report, figures, tuple(block for block in blocks if block.items))


def _schema(report: StackReport, review: Review) -> Iterator[_Block]:
    """Yield the changed part of the schema as a diagram, and the changes as lines.

    Offline there is no diagram: every file is pending then, so all of the schema would be new.
    """
    if review.rehearsal and review.changes and not report.offline:
        schema = mark_changes(review.rehearsal.before, review.rehearsal.after, review.changes)
        names = tuple(table.name for table in schema.tables if table.has_changes)
        yield _Block("Schema", names, diagram=schema)
    yield _Block("Schema changes", tuple(map(change_line, review.changes)), "diff", is_folded=True)


def _findings(problems: Iterable[FolderProblem], findings: Iterable[Finding], folder: str) -> Iterator[str]:
    for problem in problems:
        yield f"{code(f'{folder}/{problem.name}')} {code(problem.message)}"
    for item in findings:
        place = code(f"{folder}/{item.name}:{item.line}:{item.column}")
        reason = f"<br>allowed: {code(item.waiver)}" if item.waiver else f"<br>instead: {item.instead}"
        yield f"{place} **{item.rule.code}** {code(item.message)}{reason} ({code(item.rule.documentation)})"
