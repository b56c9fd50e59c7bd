"""Apply all rules to one rehearsal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.effects import find_effects
from pulumi_d1.migrations.review.lint import blocked, ignored, lost, refused, splitting, traps, waivers
from pulumi_d1.migrations.review.lint.row_counts import RowCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_d1.migrations.review.counts import CountQuery
    from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule
    from pulumi_d1.migrations.review.rehearsal import Rehearsal

_FAMILIES: Final = (waivers, lost, refused, ignored, blocked, traps, splitting)

_MAX_CHARACTERS: Final = 400  # of a message

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((rule for family in _FAMILIES for rule in family.RULES), key=lambda rule: rule.code)
)
"""All rules, sorted by code."""


def lint(rehearsal: Rehearsal, table: str, counts: Mapping[CountQuery, int] | None) -> tuple[Finding, ...]:
    """Return what is dangerous about the pending files, by file, line, column and code.

    Args:
        counts: Row counts of the live database for `needed_counts`; None if no database was read. In that case every
            table that a file does not create itself may have rows.
    """
    hits = [*_by_rows(rehearsal, counts), *_by_text(rehearsal, table)]
    findings = tuple(hit.finding for hit in hits)
    if allowed := waivers.read_waivers(rehearsal):
        elsewhere = [] if counts is None else _by_rows(rehearsal, None)
        codes = {rule.code for rule in RULES}
        void = waivers.find_void_waivers(allowed, codes, [*elsewhere, *hits])
        findings = (*waivers.apply_waivers(allowed, hits), *void)
    place = {file.migration.name: number for number, file in enumerate(rehearsal.files)}
    return tuple(sorted(map(_on_one_line, findings), key=lambda f: (place[f.name], f.line, f.column, f.rule.code)))


def stopping_findings(findings: Iterable[Finding], errors_stop: bool) -> tuple[Finding, ...]:  # noqa: FBT001 - a setting's value
    """Return the findings that stop a run: refusals by D1, and errors that no waiver allows.

    Args:
        findings: Findings of `lint`.
        errors_stop: True if errors stop a run.
    """
    return tuple(
        finding
        for finding in findings
        if finding.refused or (errors_stop and finding.severity is Severity.ERROR and not finding.waiver)
    )


def _on_one_line(finding: Finding) -> Finding:
    """Shorten a message to one line. D1's errors quote the rest of the file after an unclosed string."""
    message = " ".join(finding.message.split())
    if len(message) > _MAX_CHARACTERS:
        message = f"{message[: _MAX_CHARACTERS // 2]} ... {message[-_MAX_CHARACTERS // 2 :]}"
    return replace(finding, message=message)


def _by_rows(rehearsal: Rehearsal, counts: Mapping[CountQuery, int] | None) -> list[Hit]:
    effects, row_counts = find_effects(rehearsal, each_file_alone=counts is None), RowCounts(counts)
    return [*lost.hits(rehearsal, effects, row_counts), *blocked.hits(rehearsal, effects, row_counts)]


def _by_text(rehearsal: Rehearsal, table: str) -> list[Hit]:
    return [
        *refused.hits(rehearsal),
        *ignored.hits(rehearsal),
        *traps.hits(rehearsal, table),
        *(hit for file in rehearsal.files for hit in splitting.hits(file)),
    ]
