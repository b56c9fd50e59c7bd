"""All rules over one rehearsal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.migrations.effects import effects
from infra.migrations.lint import lost, refused
from infra.migrations.lint.figures import Figures
from infra.migrations.plan import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra.migrations.lint.finding import Finding, Rule
    from infra.migrations.rehearsal import Rehearsal
    from infra.migrations.rows import Count

RULES: Final[tuple[Rule, ...]] = tuple(sorted((*lost.RULES, *refused.RULES), key=lambda rule: rule.code))
"""Every rule, by its code."""


def lint(rehearsal: Rehearsal, table: str, rows: Mapping[Count, int] | None) -> tuple[Finding, ...]:
    """What is dangerous about the pending files.

    Args:
        rehearsal: of these files.
        table: name of the ledger.
        rows: how many rows the live database has, for what `rows.needed` asks; None where no database was asked: then
            every table that a file does not make itself counts as one that may have rows.

    Returns:
        the findings by file, line, column and code.
    """
    found = effects(rehearsal, each_file_alone=rows is None)
    _ = table
    hits = [*lost.hits(rehearsal, found, Figures(rows)), *refused.hits(rehearsal)]
    order = {file.migration.name: number for number, file in enumerate(rehearsal.files)}
    findings = [hit.finding for hit in hits]
    return tuple(sorted(findings, key=lambda f: (order[f.name], f.line, f.column, f.rule.code)))


def stopping(findings: Iterable[Finding], errors_stop: bool) -> tuple[Finding, ...]:  # noqa: FBT001 - a setting's value
    """The findings that a run has to stop for: what D1 itself refuses, and the errors, waived ones aside.

    Args:
        findings: from `lint`.
        errors_stop: whether errors do.
    """
    return tuple(
        finding
        for finding in findings
        if finding.refused or (errors_stop and finding.severity is Severity.ERROR and not finding.waiver)
    )
