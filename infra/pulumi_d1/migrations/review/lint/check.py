"""Apply all rules to one rehearsal."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity, severity_of
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint import (
    afterwards,
    batching,
    blocked,
    breaking,
    ignored,
    lost,
    lost_rules,
    rebuilt,
    refused,
    splitting,
    traps,
    waivers,
)
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.migrations.plan import Problem
    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal
    from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule

_FAMILIES: Final = (
    waivers,
    lost_rules,
    afterwards,
    rebuilt,
    refused,
    ignored,
    blocked,
    traps,
    splitting,
    batching,
    breaking,
)

_MAX_CHARACTERS: Final = 400  # of a message
_MAX_SHOWN: Final = 3  # messages in one finding
_MAX_LINES: Final = 10  # for one message

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((rule for family in _FAMILIES for rule in family.RULES), key=lambda rule: rule.code)
)
"""All rules, sorted by code."""

_LOSSES: Final = frozenset({*lost_rules.RULES, *afterwards.RULES})


def lint(
    rehearsal: Rehearsal,
    table: str,
    *,
    elsewhere: Rehearsal | None = None,
    exists: bool = True,
    has_code: bool = False,
) -> tuple[Finding, ...]:
    """Return what is dangerous about the pending files: one finding for each file and rule, by place and code.

    Args:
        elsewhere: The same files on generated rows. What only they lose of tables without rows is a warning: this
            database has no such rows now, but another may.
        exists: False if the files were rehearsed on generated rows because no database was read. What they lose is a
            warning then, because the files may have run long ago.
        has_code: True if code may be running on the database.
    """
    hits = [*_by_rows(rehearsal, exists=exists), *_by_text(rehearsal, table, exists=exists)]
    hits += breaking.hits(rehearsal) if has_code else ()
    known = {_place(hit) for hit in hits}
    others = [hit for hit in _by_rows(elsewhere, exists=True) if _place(hit) not in known] if elsewhere else []
    if elsewhere and rehearsal.basis.kind is not BasisKind.NEW:
        in_empty = {_place(hit) for hit in _by_rows(_only_tables(elsewhere, rehearsal.empty_tables), exists=True)}
        hits += [_without_rows(hit) for hit in others if hit.finding.rule in _LOSSES and _place(hit) in in_empty]
    findings = tuple(hit.finding for hit in hits)
    if allowed := waivers.read_waivers(rehearsal):
        void = waivers.find_void_waivers(allowed, {rule.code for rule in RULES}, [*others, *hits])
        findings = (*waivers.apply_waivers(allowed, hits), *void)
    number = {file.migration.name: place for place, file in enumerate(rehearsal.files)}
    return _collected(sorted(findings, key=lambda f: (number[f.name], f.line, f.column, f.rule.code)))


def stopping_findings(findings: Iterable[Finding], policy: Mapping[Problem, Severity]) -> tuple[Finding, ...]:
    """Return the findings that stop a run: refusals by D1, and errors that no waiver allows.

    Args:
        findings: Findings of `lint`.
        policy: Severities of problems.
    """
    return tuple(
        finding
        for finding in findings
        if finding.refused
        or (
            finding.severity is Severity.ERROR
            and not finding.waiver
            and severity_of(finding.rule.problem, policy) is Severity.ERROR
        )
    )


def reports_loss(findings: Iterable[Finding]) -> bool:
    """Return whether rows or values may be lost, as far as the findings show, allowed ones included."""
    return any(finding.rule in lost_rules.RULES for finding in findings)


def _by_rows(rehearsal: Rehearsal, *, exists: bool) -> list[Hit]:
    hits = [*lost.hits(rehearsal), *afterwards.hits_of_rows(rehearsal)]
    return hits if exists else [replace(hit, finding=replace(hit.finding, severity=Severity.WARNING)) for hit in hits]


def _only_tables(rehearsal: Rehearsal, tables: frozenset[str]) -> Rehearsal:
    """Return a rehearsal with what became of the rows of some tables."""
    files = (
        replace(
            file,
            fates=tuple(fate for fate in file.fates if fate.start in tables),
            restarts=tuple(restart for restart in file.restarts if fold(restart.table) in tables),
            violations=tuple(violation for violation in file.violations if violation.child in tables),
        )
        for file in rehearsal.files
    )
    return replace(rehearsal, files=tuple(files))


def _by_text(rehearsal: Rehearsal, table: str, *, exists: bool = True) -> list[Hit]:
    return [
        *refused.hits(rehearsal, exists=exists),
        *blocked.hits(rehearsal),
        *afterwards.hits(rehearsal),
        *rebuilt.hits(rehearsal),
        *ignored.hits(rehearsal),
        *traps.hits(rehearsal, table),
        *batching.hits(rehearsal),
        *(hit for file in rehearsal.files for hit in splitting.hits(file)),
    ]


def _place(hit: Hit) -> tuple[str, int | None, str]:
    return hit.finding.name, hit.step, hit.finding.rule.code


def _without_rows(hit: Hit) -> Hit:
    message = f"{hit.finding.message}; there are no such rows now"
    return replace(hit, finding=replace(hit.finding, message=message, severity=Severity.WARNING))


def _collected(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return one finding for each file, rule and kind of effect. It is at the first place and names the others."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.name, finding.rule.code, finding.severity, finding.refused, finding.waiver)
        groups.setdefault(key, []).append(finding)
    return tuple(_on_one_line(replace(group[0], message=_of_group(group))) for group in groups.values())


def _lines(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:_MAX_LINES]))
    more = f" and {len(lines) - _MAX_LINES} more" if len(lines) > _MAX_LINES else ""
    return f"line{'s' if lines[1:] else ''} {shown}{more}"


def _of_group(group: Sequence[Finding]) -> str:
    """Return the messages of several findings: the same one once, with its lines."""
    messages = []
    for message, same in groupby(sorted(group, key=lambda f: (f.message, f.line)), key=lambda f: f.message):
        lines = [finding.line for finding in same]
        messages.append((min(lines), message, lines))
    messages.sort()
    (_, first, lines), *others = messages
    also = [f"also in {_lines(lines[1:])}"] if lines[1:] else []
    also += [f"line {line}: {message}" for line, message, _ in others[: _MAX_SHOWN - 1]]
    also += [f"and {len(others) - _MAX_SHOWN + 1} more"] if len(others) >= _MAX_SHOWN else []
    return "; ".join([first, *also])


def _on_one_line(finding: Finding) -> Finding:
    """Shorten a message to one line. D1's errors quote the rest of the file after an unclosed string."""
    message = " ".join(finding.message.split())
    if len(message) > _MAX_CHARACTERS:
        message = f"{message[: _MAX_CHARACTERS // 2]} ... {message[-_MAX_CHARACTERS // 2 :]}"
    return replace(finding, message=message)
