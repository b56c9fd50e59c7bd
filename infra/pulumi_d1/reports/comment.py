"""The reviews of some stacks as one comment of a pull request. Pure."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.naming import TITLES, title_of
from pulumi_d1.reports.markdown import cell, code, fenced
from pulumi_d1.reports.review_text import change_line, drift_lines, number
from pulumi_d1.system.template import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.migrations import plan as planned
    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.plan import Problem, Severity
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.review import Review

MARKER: Final = "<!-- d1 comment -->"
"""First line of every comment, which is not shown: the next run finds the comment by it."""

LIMIT: Final = 65_536
"""What GitHub takes for a comment: "body is too long (maximum is 65536 characters)". Counted in bytes here, of which
there are never fewer, whatever is taken for a character."""

_ALL: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Subject:
    """A stack to tell of.

    Attributes:
        stack: name of it.
        database: name of its database; empty where its settings can't be read.
        folder: of the migrations, as the user wrote it.
        review: what a run would do; None where that is not known.
        policy: what the stack makes of problems.
        offline: whether nobody was to be asked, so that the files ran on an empty database.
        bookmark: of the database as it is now; None where there is none, or nobody was to be asked.
        error: why there is no review; empty where there is one.
    """

    stack: str
    database: str = ""
    folder: str = ""
    review: Review | None = None
    policy: Mapping[Problem, Severity] | None = None
    offline: bool = False
    bookmark: Bookmark | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Block:
    """One thing to tell of a stack.

    Attributes:
        heading: what it is.
        items: a text for each.
        language: of the code that the items are; empty where they are Markdown, for a list.
    """

    heading: str
    items: tuple[str, ...]
    language: str = ""

    def body(self, items: int) -> str:
        """The first of the items, as Markdown."""
        shown = list(self.items[:items])
        if self.language and shown:
            return fenced(shown, self.language)
        return "\n".join(f"- {item}" for item in shown)


@dataclass(frozen=True, slots=True)
class _Section:
    """A stack, as the template shows it.

    Attributes:
        title: what people call it, as Markdown.
        subject: what is told.
        figures: how many are applied, pending, errors, warnings; a dash for what is not known.
        blocks: what there is to tell, the most important first.
    """

    title: str
    subject: Subject
    figures: tuple[str, str, str, str]
    blocks: tuple[_Block, ...]

    @property
    def command(self) -> str:
        """What prints all of it."""
        return f"d1 plan --stack {self.subject.stack}{' --offline' if self.subject.offline else ''}"


def comment(subjects: Iterable[Subject]) -> str:
    """Markdown that starts with MARKER and has at most LIMIT bytes.

    Where that is not enough, every block has its first lines, as many as there is room for, and says how many more
    there are and which command prints them; and where there are more stacks than fit without any, the first of them.
    """
    sections = tuple(map(_section, subjects))

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
    return render("comment.md.j2", {"code": code, "cell": cell, "number": number}, **values)


def _section(subject: Subject) -> _Section:
    name = title_of(subject.stack)
    shown = name if name in TITLES.values() else code(name)
    if subject.review is None or subject.policy is None:
        return _Section(shown, subject, ("-", "-", "-", "-"), ())
    errors, warnings = subject.review.errors(subject.policy), subject.review.warnings(subject.policy)
    figures = (
        "-" if subject.offline else str(len(subject.review.plan.applied)),
        str(len(subject.review.plan.pending)),
        str(sum(map(len, errors))),
        str(sum(map(len, warnings))),
    )
    waived = [finding for finding in subject.review.findings if finding.waiver]
    blocks = (
        _Block("Errors", tuple(_told(*errors, subject.folder))),
        _Block("Not rehearsed, since", (code(subject.review.obstacle),) if subject.review.obstacle else ()),
        _Block("Pending", tuple(file.name for file in subject.review.plan.pending), "text"),
        _Block("Schema after that", tuple(map(change_line, subject.review.changes)), "diff"),
        _Block("Warnings", tuple(_told(*warnings, subject.folder))),
        _Block("Drift", drift_lines(subject.review.drift), "text"),
        _Block("Allowed by the files themselves", tuple(_told((), waived, subject.folder))),
    )
    return _Section(shown, subject, figures, tuple(block for block in blocks if block.items))


def _told(problems: Iterable[planned.FolderProblem], findings: Iterable[Finding], folder: str) -> Iterator[str]:
    for problem in problems:
        yield f"{code(f'{folder}/{problem.name}')} {code(problem.message)}"
    for item in findings:
        place = code(f"{folder}/{item.name}:{item.line}:{item.column}")
        reason = f"<br>allowed: {code(item.waiver)}" if item.waiver else f"<br>instead: {item.rule.instead}"
        yield f"{place} **{item.rule.code}** {code(item.message)}{reason} ({code(item.rule.documentation)})"
