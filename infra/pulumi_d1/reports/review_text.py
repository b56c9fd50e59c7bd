"""A review as plain lines, for a terminal and for a log. The most important come last. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.other_ledgers import tool_of
from pulumi_d1.migrations.review.review import drift_or_reason, format_findings
from pulumi_d1.sqlite.difference import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.plan import HashedFile, Problem, Severity
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.sqlite.difference import SchemaChange

_SIGNS: Final = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}
_DRIFT: Final = {
    ChangeKind.ADDED: "is in the database, but no applied file creates it",
    ChangeKind.REMOVED: "is in the applied files, but not in the database",
    ChangeKind.CHANGED: "differs between the database and the applied files",
}
_MOST_NAMES: Final = 100
"""Pending files that are listed by name. A new database may have many more."""


def format_review(  # noqa: PLR0913 - a report has all of these
    review: Review,
    database: str,
    folder: str,
    policy: Mapping[Problem, Severity],
    *,
    notes: Sequence[str] = (),
    errors: bool = True,
) -> str:
    """Return the pending files, changes of schema and rows, drift and findings; empty if there are none.

    Args:
        folder: The migrations folder, as the user wrote it.
        notes: Lines about D1's limits.
        errors: False if the caller raises the errors as an exception.
    """
    blocks = (
        _block(f"pending on {database}:", _pending(review.plan.pending)),
        _block("waiting:", filter(None, [review.plan.waiting_line])),
        _block("schema changes:", map(change_line, review.changes)),
        (escape_line(review.basis),) if review.basis else (),
        _block("row changes:", map(str, review.row_changes)),
        _block("could not be rehearsed:", [review.obstacle] if review.obstacle else []),
        _block(f"drift of {database}:", drift_lines(review.drift)),
        _block("allowed in the files:", (_waived(item, folder) for item in review.findings if item.waiver)),
        _block("notes:", notes),
        _block("warnings:", format_findings(*review.warnings(policy), folder)),
        _block("errors:", format_findings(*review.errors(policy), folder) if errors else ()),
    )
    return "\n".join(line for block in blocks for line in block)


def summary(review: Review, database: str, policy: Mapping[Problem, Severity]) -> str:
    """Return the last line of a report: how many files, findings and differences by drift there are."""
    errors, warnings = (sum(map(len, items)) for items in (review.errors(policy), review.warnings(policy)))
    drifted = f", {counted(len(review.drift), 'drifted object')}" if review.drift else ""
    return (
        f"{database}: {len(review.plan.applied)} applied, {len(review.plan.pending)} pending, "
        f"{counted(errors, 'error')}, {counted(warnings, 'warning')}{drifted}"
    )


def describe_drift(read_files: Callable[[], Iterable[Migration]], current: LiveDatabase, table: str) -> tuple[str, ...]:
    """Return one line for each difference from the applied files, or one with the reason if it cannot be determined."""
    drift, reason = drift_or_reason(read_files, current, table)
    return (reason,) if reason else drift_lines(drift)


def drift_lines(drift: Iterable[SchemaChange]) -> tuple[str, ...]:
    """Return one line for each difference between the live schema and the applied files."""
    return tuple(escape_line(f"{change.type} {change.name} {_DRIFT[change.kind]}{_owner(change)}") for change in drift)


def change_line(change: SchemaChange) -> str:
    """Return a schema change, with `+`, `-` or `~` in front."""
    return escape_line(f"{_SIGNS[change.kind]} {change.type} {change.name}  {change.detail}".rstrip())


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 error`, `1,000 errors`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _owner(change: SchemaChange) -> str:
    """Return what to do about the table of another migration tool; empty for anything else."""
    tool = tool_of(change.name) if (change.kind, change.type) == (ChangeKind.ADDED, "table") else ""
    return f": it is {tool}'s list, which 'd1 baseline' reads, and deletes with --drop-old-tables" if tool else ""


def _block(heading: str, lines: Iterable[str]) -> Iterator[str]:
    indented = [f"  {escape_line(line)}" for line in lines]
    if indented:
        yield heading
        yield from indented


def pending_line(file: HashedFile) -> str:
    """Return the name of a pending file, and what it replaces instead of running."""
    if not file.replaces:
        return file.name
    return f"{file.name} (runs no statement: takes the place of {counted(len(file.replaces), 'applied file')})"


def _pending(files: Sequence[HashedFile]) -> list[str]:
    rest = [f"... and {len(files) - _MOST_NAMES} more"] if len(files) > _MOST_NAMES else []
    return [*map(pending_line, files[:_MOST_NAMES]), *rest]


def _waived(finding: Finding, folder: str) -> str:
    return f"{finding.in_folder(folder)} ({finding.waiver})"
