"""Reviews and results of many databases as text; equal databases share their lines. Pure."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.fleet.budget import format_duration
from pulumi_d1.fleet.result import MemberState
from pulumi_d1.migrations.bookmark import restore_command
from pulumi_d1.migrations.review.review import format_findings
from pulumi_d1.reports.review_text import counted, format_review

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.fleet.budget import Budget
    from pulumi_d1.fleet.result import MemberResult
    from pulumi_d1.fleet.survey import MemberReview
    from pulumi_d1.migrations.plan import Problem, Severity

_MOST_NAMES: Final = 3
"""Databases of a group that are listed by name."""


def budget_text(budget: Budget) -> str:
    """Return a table of what a run costs: if all databases are up to date, lack the newest file, or are empty."""
    lines = [f"at {budget.rate}:", f"{'':26}{'requests each':>15}{'total':>12}  minimum time"]
    for words, each, total in budget.cases():
        lines.append(f"  {words:24}{each:>15,}{total:>12,}  {format_duration(budget.rate.seconds_for(total))}")
    return "\n".join(lines)


def progress_line(result: MemberResult, number: int, of: int, seconds_left: float) -> str:
    """Return the line of a log for a finished database."""
    outcome = {
        MemberState.DONE: f"applied {_files(result.applied)}, bookmark {result.bookmark}",
        MemberState.FAILED: f"FAILED: {result.message.partition(chr(10))[0]}",
    }.get(result.state, str(result.state))
    rest = f"; {format_duration(seconds_left)} left" if number < of else ""
    return f"{number}/{of} {result.database}: {outcome}{rest}"


def outcome_text(results: Iterable[MemberResult], journal: str) -> str:
    """Return each failure in full, and then the number of databases in each state."""
    ordered = sorted(results, key=lambda result: result.database)
    count = Counter(result.state for result in ordered)
    lines: list[str] = []
    for result in ordered:
        if result.state is MemberState.FAILED:
            lines.append(f"{result.database}: {result.message}")
            if result.bookmark and result.bookmark not in result.message:
                lines.append(f"  restore   {restore_command(result.database, result.bookmark)}")
    lines += [f"{state:12}{count[state]:>8,}" for state in MemberState]
    if count[MemberState.FAILED] or count[MemberState.NOT_STARTED]:
        lines.append("run 'd1 fleet up' again to continue: it skips finished databases")
    if count[MemberState.DONE]:
        lines.append(f"bookmarks from before each database's first write: {journal}")
    return "\n".join(lines)


def outcome_json(results: Iterable[MemberResult], journal: str, requests: int) -> str:
    """Return the same as JSON, for scripts."""
    ordered = sorted(results, key=lambda result: result.database)
    count = Counter(result.state for result in ordered)
    return json.dumps(
        {
            "journal": journal,
            "requests": requests,
            "count": {str(state): count[state] for state in MemberState},
            "databases": [asdict(result) for result in ordered],
        },
        indent=2,
    )


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


def _files(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMES else f"{names[0]} to {names[-1]}: {len(names)} files"
