"""What is told of many databases at once: those that are alike on one line. Pure."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.fleet.budget import duration
from pulumi_d1.fleet.result import State
from pulumi_d1.migrations.bookmark import restore_command
from pulumi_d1.migrations.review.review import format_findings
from pulumi_d1.reports.review_text import report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.fleet.budget import Budget
    from pulumi_d1.fleet.result import Result
    from pulumi_d1.fleet.survey import Look
    from pulumi_d1.migrations.plan import Problem, Severity

_NAMED: Final = 3  # databases of a group


def counted(number: int, noun: str) -> str:
    """`1 database`, `1,000 databases`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def budget_text(budget: Budget) -> str:
    """A table: what a run costs, if all databases are up to date, lack the newest file, or have nothing yet."""
    lines = [f"{'':26}{'requests each':>15}{'in all':>12}  at {budget.rate} at the least"]
    for words, each, total in budget.cases():
        lines.append(f"  {words:24}{each:>15,}{total:>12,}  {duration(budget.rate.wait(total))}")
    return "\n".join(lines)


def progress_line(result: Result, number: int, of: int, seconds_left: float) -> str:
    """One line of a log, when a database is finished."""
    what = {
        State.DONE: f"applied {_files(result.applied)}, bookmark {result.bookmark}",
        State.FAILED: f"FAILED: {result.message.partition(chr(10))[0]}",
    }.get(result.state, str(result.state))
    more = f"; {duration(seconds_left)} to go" if number < of else ""
    return f"{number}/{of} {result.database}: {what}{more}"


def outcome_text(results: Iterable[Result], journal: str) -> str:
    """How a run ended: each failure in full, then how many databases are in which state."""
    found = sorted(results, key=lambda result: result.database)
    count = Counter(result.state for result in found)
    lines: list[str] = []
    for result in found:
        if result.state is State.FAILED:
            lines.append(f"{result.database}: {result.message}")
            if result.bookmark and result.bookmark not in result.message:
                lines.append(f"  way back  {restore_command(result.database, result.bookmark)}")
    lines += [f"{state:12}{count[state]:>8,}" for state in State]
    if count[State.FAILED] or count[State.NOT_STARTED]:
        lines.append("run 'd1 fleet up' again to go on: what is done is not asked again")
    if count[State.DONE]:
        lines.append(f"bookmarks from before each database's first write: {journal}")
    return "\n".join(lines)


def outcome_json(results: Iterable[Result], journal: str, requests: int) -> str:
    """The same, as a script reads it."""
    found = sorted(results, key=lambda result: result.database)
    count = Counter(result.state for result in found)
    return json.dumps(
        {
            "journal": journal,
            "requests": requests,
            "count": {str(state): count[state] for state in State},
            "databases": [asdict(result) for result in found],
        },
        indent=2,
    )


def look_text(looks: Sequence[Look], folder: str, policy: Mapping[Problem, Severity]) -> str:
    """What a run would do: databases to which it would do the same are a group, of which the first is reported."""
    groups: defaultdict[tuple[str, ...], list[Look]] = defaultdict(list)
    for look in looks:
        groups[_likeness(look, folder, policy)].append(look)
    lines = []
    for group in sorted(groups.values(), key=len, reverse=True):
        first = group[0]
        lines.append(f"{counted(len(group), 'database')}: {_words(first, policy)}")
        lines.append(f"  {_listed([look.database for look in group])}")
        if first.review:
            text = report(first.review, first.database, folder, policy)
            lines += (f"  {line}" for line in text.splitlines())
        else:
            lines.append(f"  {first.message}")
    return "\n".join(lines)


def look_json(look: Look, folder: str, policy: Mapping[Problem, Severity]) -> dict[str, Any]:
    """One database, as a script reads it."""
    if (review := look.review) is None:
        return {"database": look.database, "id": look.id, "errors": [look.message]}
    return {
        "database": look.database,
        "id": look.id,
        "applied": len(review.plan.applied),
        "last": review.plan.applied[-1] if review.plan.applied else "",
        "pending": [file.name for file in review.plan.pending],
        "drift": len(review.drift),
        "errors": list(format_findings(*review.errors(policy), folder)),
        "warnings": list(format_findings(*review.warnings(policy), folder)),
    }


def _likeness(look: Look, folder: str, policy: Mapping[Problem, Severity]) -> tuple[str, ...]:
    """What two databases have in common where a run does the same to both."""
    if (review := look.review) is None:
        return (look.message,)
    names = (*review.plan.applied[-1:], "", *(file.name for file in review.plan.pending))
    drift = tuple(f"{change.kind} {change.type} {change.name}" for change in review.drift)
    errors, warnings = (format_findings(*items, folder) for items in (review.errors(policy), review.warnings(policy)))
    return (*names, "", *drift, *errors, *warnings)


def _words(look: Look, policy: Mapping[Problem, Severity]) -> str:
    if (review := look.review) is None:
        return "can't be read"
    parts = (
        f"{len(review.plan.pending)} pending" if review.plan.pending else "up to date",
        f"the last is {review.plan.applied[-1]}" if review.plan.applied else "nothing applied",
        "drifted" if review.drift else "",
        "stopped by errors" if any(review.errors(policy)) else "",
    )
    return ", ".join(part for part in parts if part)


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest


def _files(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{names[0]} to {names[-1]}: {len(names)} files"
