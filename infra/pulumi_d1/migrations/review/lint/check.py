"""All rules over one rehearsal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.effects import effects
from pulumi_d1.migrations.review.lint import blocked, cut, ignored, lost, refused, traps, waivers
from pulumi_d1.migrations.review.lint.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule
    from pulumi_d1.migrations.review.rehearsal import Rehearsal
    from pulumi_d1.migrations.review.rows import Count

_FAMILIES: Final = (waivers, lost, refused, ignored, blocked, traps, cut)

_LONGEST: Final = 400  # characters of a message

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((rule for family in _FAMILIES for rule in family.RULES), key=lambda rule: rule.code)
)
"""Every rule, by its code."""


def lint(rehearsal: Rehearsal, table: str, rows: Mapping[Count, int] | None) -> tuple[Finding, ...]:
    """What is dangerous about the pending files.

    Args:
        rehearsal: of these files.
        table: name of the ledger.
        rows: how many rows the live database has, for what `rows.needed` asks; None where no database was asked: then
            every table that a file does not make itself may have rows.

    Returns:
        the findings by file, line, column and code.
    """
    hits = [*_by_rows(rehearsal, rows), *_by_text(rehearsal, table)]
    findings: tuple[Finding, ...] = tuple(hit.finding for hit in hits)
    if allowed := waivers.read(rehearsal):
        elsewhere = [] if rows is None else _by_rows(rehearsal, None)
        codes = {rule.code for rule in RULES}
        findings = (*waivers.applied(allowed, hits), *waivers.void(allowed, codes, [*elsewhere, *hits]))
    place = {file.migration.name: number for number, file in enumerate(rehearsal.files)}
    return tuple(sorted(map(_on_one_line, findings), key=lambda f: (place[f.name], f.line, f.column, f.rule.code)))


def stopping(findings: Iterable[Finding], errors_stop: bool) -> tuple[Finding, ...]:  # noqa: FBT001 - a setting's value
    """The findings that a run has to stop for: what D1 itself refuses, and the errors that no waiver allows.

    Args:
        findings: from `lint`.
        errors_stop: whether errors do.
    """
    return tuple(
        finding
        for finding in findings
        if finding.refused or (errors_stop and finding.severity is Severity.ERROR and not finding.waiver)
    )


def _on_one_line(finding: Finding) -> Finding:
    """D1's errors quote the file, down to its end where a string is never closed."""
    message = " ".join(finding.message.split())
    if len(message) > _LONGEST:
        message = f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 2 :]}"
    return replace(finding, message=message)


def _by_rows(rehearsal: Rehearsal, rows: Mapping[Count, int] | None) -> list[Hit]:
    concerned, figures = effects(rehearsal, each_file_alone=rows is None), Figures(rows)
    return [*lost.hits(rehearsal, concerned, figures), *blocked.hits(rehearsal, concerned, figures)]


def _by_text(rehearsal: Rehearsal, table: str) -> list[Hit]:
    return [
        *refused.hits(rehearsal),
        *ignored.hits(rehearsal),
        *traps.hits(rehearsal, table),
        *(hit for file in rehearsal.files for hit in cut.hits(file)),
    ]
