"""Reviews and results of many databases as text; equal databases share their lines. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.fleet.result import Work
from pulumi_d1.migrations.bookmark import restore_command
from pulumi_d1.migrations.review.review import format_findings
from pulumi_d1.reports.review_text import counted, format_review

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.fleet.result import MemberRecord, RunCounts, RunRecord
    from pulumi_d1.fleet.reviews import MemberReview
    from pulumi_d1.migrations.plan import Problem, Severity

_MOST_NAMES: Final = 3
"""Databases of a group that are listed by name."""


def budget_text(rate: str, budget: Mapping[str, tuple[int, int, float]]) -> str:
    """Return a table of what a run costs: if all databases are up to date, lack the newest file, or are empty."""
    lines = [f"at {rate}:", f"{'':26}{'requests each':>15}{'total':>12}  minimum time"]
    for case, (each, total, seconds) in budget.items():
        lines.append(f"  {case:24}{each:>15,}{total:>12,}  {format_duration(seconds)}")
    return "\n".join(lines)


def format_duration(seconds: float) -> str:
    """Return a duration such as `45 s`, `12 min`, `3 h 05 min` or `under 1 s`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:  # noqa: PLR2004 - longer ones are clear enough in minutes
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004


def counts_line(counts: RunCounts, record: RunRecord, last_minute: int) -> str:
    """Return the progress of a run in one line. `last_minute` is the number of databases that finished in it."""
    seconds = counts.unfinished * 60 / last_minute if last_minute else 0
    left = f", {format_duration(seconds)} left" if seconds else ""
    return (
        f"{record.id} {record.plan.work}: {counts.done:,} done, {counts.up_to_date:,} up to date, "
        f"{counts.failed:,} failed, {counts.running:,} running, {counts.waiting:,} waiting; {last_minute:,}/min{left}"
    )


def history_line(record: RunRecord, counts: RunCounts) -> str:
    """Return a run in one line."""
    return (
        f"{record.id}  {record.plan.work:8}{record.state}: {counts.done:,} done, {counts.up_to_date:,} up to date, "
        f"{counts.failed:,} failed, {counts.unfinished:,} not finished  {record.plan.selection}"
    )


def result_text(record: RunRecord, counts: RunCounts, failed: Sequence[MemberRecord]) -> str:
    """Return each failure in full, then the number of databases in each state, then what to do next."""
    lines: list[str] = []
    for member in failed:
        lines.append(f"{member.database}: {member.message}")
        if record.plan.needs_files and member.bookmark and member.bookmark not in member.message:
            lines.append(f"  restore   {restore_command(member.database, member.bookmark)}")
    if counts.failed > len(failed):
        lines.append(f"{counts.failed - len(failed):,} more failed: d1 fleet history {record.id}")
    numbers = {
        "done": counts.done,
        "up to date": counts.up_to_date,
        "failed": counts.failed,
        "not finished": counts.unfinished,
    }
    state = "interrupted" if record.active else record.state
    lines += [f"run {record.id} {state}", *(f"{words:12}{number:>8,}" for words, number in numbers.items())]
    if counts.failed + counts.unfinished and not record.restored:
        lines.append(f"continue    d1 fleet retry {record.id}")
    if counts.done and record.plan.work in {Work.UP, Work.RESTORE} and not record.active:
        lines.append(f"undo        d1 fleet restore --run {record.id}")
    return "\n".join(lines)


def survey_text(surveyed: Sequence[MemberReview], folder: str, policy: Mapping[Problem, Severity]) -> str:
    """Return what a run would do. Databases to which it would do the same form a group with one review."""
    groups: defaultdict[tuple[str, ...], list[MemberReview]] = defaultdict(list)
    for item in surveyed:
        groups[_group_key(item, folder, policy)].append(item)
    lines = []
    for group in sorted(groups.values(), key=len, reverse=True):
        first = group[0]
        lines.append(f"{counted(len(group), 'database')}: {_state(first, policy)}")
        lines.append(f"  {_names([item.database for item in group])}")
        if first.review:
            text = format_review(first.review, first.database, folder, policy)
            lines += (f"  {line}" for line in text.splitlines())
        else:
            lines.append(f"  {first.message}")
    return "\n".join(lines)


def survey_json(surveyed: MemberReview, folder: str, policy: Mapping[Problem, Severity]) -> dict[str, Any]:
    """Return one database as an object, for scripts."""
    if (review := surveyed.review) is None:
        return {"database": surveyed.database, "id": surveyed.id, "errors": [surveyed.message]}
    return {
        "database": surveyed.database,
        "id": surveyed.id,
        "applied": len(review.plan.applied),
        "last": review.plan.applied[-1] if review.plan.applied else "",
        "pending": [file.name for file in review.plan.pending],
        "drift": len(review.drift),
        "errors": list(format_findings(*review.errors(policy), folder)),
        "warnings": list(format_findings(*review.warnings(policy), folder)),
    }


def _group_key(surveyed: MemberReview, folder: str, policy: Mapping[Problem, Severity]) -> tuple[str, ...]:
    """Return a key that is equal for databases to which a run would do the same."""
    if (review := surveyed.review) is None:
        return (surveyed.message,)
    names = (*review.plan.applied[-1:], "", *(file.name for file in review.plan.pending))
    drift = tuple(f"{change.kind} {change.type} {change.name}" for change in review.drift)
    errors, warnings = (format_findings(*items, folder) for items in (review.errors(policy), review.warnings(policy)))
    return (*names, "", *drift, *errors, *warnings)


def _state(surveyed: MemberReview, policy: Mapping[Problem, Severity]) -> str:
    if (review := surveyed.review) is None:
        return "cannot be read"
    parts = (
        f"{len(review.plan.pending)} pending" if review.plan.pending else "up to date",
        f"last applied {review.plan.applied[-1]}" if review.plan.applied else "nothing applied",
        "drifted" if review.drift else "",
        "stopped by errors" if any(review.errors(policy)) else "",
    )
    return ", ".join(part for part in parts if part)


def _names(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + rest
