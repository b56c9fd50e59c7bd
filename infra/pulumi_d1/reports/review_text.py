"""A review as text, for a terminal and for a log: nothing but plain lines, the most important last. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.review.review import format_findings
from pulumi_d1.sqlite.difference import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.migrations.plan import Problem, Severity
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.sqlite.difference import SchemaChange

_SIGNS: Final = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}
_DRIFT: Final = {
    ChangeKind.ADDED: "is in the database, but no applied file makes it",
    ChangeKind.REMOVED: "is in the applied files, but not in the database",
    ChangeKind.CHANGED: "is not in the database as the applied files make it",
}
_LISTED: Final = 100
"""Files that are listed by name; of a new database with more, the rest is a number."""


def report(
    review: Review, database: str, folder: str, policy: Mapping[Problem, Severity], *, errors: bool = True
) -> str:
    """What a run would do, in blocks: pending files, schema, drift, findings. No line at all where nothing is to tell.

    Args:
        review: the review.
        database: name of it.
        folder: of the migrations, as the user wrote it.
        policy: what the stack makes of problems.
        errors: whether to tell what stops the run; an exception that follows may do it.
    """
    blocks = (
        _block(f"pending on {database}:", _pending([file.name for file in review.plan.pending])),
        _block("schema after that:", map(change_line, review.changes)),
        _block("not rehearsed, since", [review.obstacle] if review.obstacle else []),
        _block(f"drift of {database}:", drift_lines(review.drift)),
        _block("allowed by the files themselves:", (_waived(item, folder) for item in review.findings if item.waiver)),
        _block("warnings:", format_findings(*review.warnings(policy), folder)),
        _block("errors:", format_findings(*review.errors(policy), folder) if errors else ()),
    )
    return "\n".join(line for block in blocks for line in block)


def summary(review: Review, database: str, policy: Mapping[Problem, Severity]) -> str:
    """One line that ends the report."""
    problems, found = review.errors(policy)
    warnings, told = review.warnings(policy)
    return (
        f"{database}: {len(review.plan.applied)} applied, {len(review.plan.pending)} pending, "
        f"{number(len(problems) + len(found), 'error')}, {number(len(warnings) + len(told), 'warning')}"
    )


def drift_lines(drift: Iterable[SchemaChange]) -> tuple[str, ...]:
    """One line for each difference between the live schema and the applied files."""
    return tuple(f"{change.type} {change.name} {_DRIFT[change.kind]}" for change in drift)


def change_line(change: SchemaChange) -> str:
    """A difference between two schemas, with its sign."""
    return f"{_SIGNS[change.kind]} {change.type} {change.name}  {change.detail}".rstrip()


def _block(heading: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield heading
        yield from (f"  {line}" for line in found)


def _pending(names: Sequence[str]) -> list[str]:
    rest = [f"... and {len(names) - _LISTED} more"] if len(names) > _LISTED else []
    return [*names[:_LISTED], *rest]


def _waived(finding: Finding, folder: str) -> str:
    return f"{finding.in_folder(folder)} ({finding.waiver})"


def number(count: int, noun: str) -> str:
    """A count with its noun: `1 error`, `2 errors`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
