"""A review as JSON, for scripts and editors. Keys are stable; new ones may be added. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_d1.migrations.plan import FolderProblem, Problem, Severity
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.sqlite.difference import SchemaChange


def review_json(  # noqa: PLR0913, PLR0917 - a report has all of these
    review: Review,
    database: str,
    folder: str,
    policy: Mapping[Problem, Severity],
    hints: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> str:
    """Return the review as one JSON object.

    Args:
        folder: The migrations folder, as the user wrote it.
        hints: Lines about files of the folder that do not count.
        notes: Lines about D1's limits.
    """
    document = {
        "database": database,
        "applied": list(review.plan.applied),
        "pending": [file.name for file in review.plan.pending],
        "replaced": {file.name: list(file.replaces) for file in review.plan.pending if file.replaces},
        "waiting": list(review.plan.waiting),
        "schema": [_change(change) for change in review.changes],
        "rows": [asdict(change) for change in review.row_changes],
        "drift": [_change(change) for change in review.drift],
        "not_rehearsed": review.obstacle or None,
        "basis": review.basis or None,
        "errors": _findings(*review.errors(policy), folder),
        "warnings": _findings(*review.warnings(policy), folder),
        "hints": list(hints),
        "notes": list(notes),
        "allowed": _findings((), (item for item in review.findings if item.waiver), folder),
    }
    return json.dumps(document, indent=2)


def _change(change: SchemaChange) -> dict[str, str]:
    return {"kind": change.kind, "type": change.type, "name": change.name, "detail": change.detail}


def _findings(problems: Iterable[FolderProblem], findings: Iterable[Finding], folder: str) -> list[dict[str, Any]]:
    return [
        *({"code": item.problem, "file": f"{folder}/{item.name}", "message": item.message} for item in problems),
        *(
            {
                "code": item.rule.code,
                "file": f"{folder}/{item.name}",
                "line": item.line,
                "column": item.column,
                "message": item.message,
                "instead": item.instead,
                "documentation": item.rule.documentation,
                "refused": item.refused,
                "allowed_because": item.waiver or None,
            }
            for item in findings
        ),
    ]
