"""0xx: comments that allow a finding, and comments that allow nothing."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.breaking import LOSSES
from pulumi_d1.migrations.review.lint.finding import Finding, Rule
from pulumi_d1.sqlite.statements import comments, normalize_newlines, position

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.migrations.review.lint.finding import Hit
    from pulumi_d1.sqlite.statements import Comment, Statement

VOID: Final = Rule(
    "D001",
    "a comment that allows nothing",
    "A comment -- d1:allow D101 reason allows what the rule finds in the statement below the comment, around it, or "
    "before it on the same line. A comment has no effect if it names no rule, gives no reason, or is at a statement in "
    "which the rule finds nothing. No comment allows what D1 itself refuses.",
    "Write -- d1:allow, the code (or several with commas) and the reason in the line above the statement, without a "
    "blank line in between. Remove the comment if there is nothing left to allow.",
)
RULES: Final = (VOID,)

_MARK: Final = "d1:allow"
_WAIVER: Final = re.compile(r"\s+(D\d{3}(?:\s*,\s*D\d{3})*)\b[\s:]*(.*)", re.IGNORECASE | re.DOTALL)
_REST_OF_LINE: Final = re.compile(r"[^\S\n]*(?:\n|\Z)")
_BLANK_LINE: Final = re.compile(r"\n[ \t\r\f]*\n")

# These depend on the live schema and rows, so a waiver can be needed on one database and not on another.
_ELSEWHERE: Final = frozenset({"D208", "D304", "D401", "D402", "D403", "D404"})


@dataclass(frozen=True, slots=True)
class Waiver:
    """A comment with the mark.

    Attributes:
        line: Line in the file, from 1.
        column: Column in the line, in characters, from 1.
        step: 0-based index of the statement that it is attached to; None if there is none.
        codes: The codes in it, in capitals.
        reason: The reason in it; empty if it has none.
    """

    name: str
    line: int
    column: int
    step: int | None
    codes: tuple[str, ...]
    reason: str


def read_waivers(rehearsal: Rehearsal) -> tuple[Waiver, ...]:
    """Return the waivers in the rehearsed files, up to a refused statement."""
    return tuple(
        waiver for file in rehearsal.files if _MARK in file.migration.sql for waiver in _of_file(file, rehearsal)
    )


def _of_file(file: RehearsedFile, rehearsal: Rehearsal) -> Iterator[Waiver]:
    script = normalize_newlines(file.migration.sql)
    refused = rehearsal.refusal is not None and file is rehearsal.files[-1]
    statements = [step.statement for step in file.steps]
    for comment in comments(script):
        _, mark, rest = comment.text.partition(_MARK)
        if not mark or (refused and _is_beyond(file, comment)):
            continue
        match = _WAIVER.fullmatch(rest.removesuffix("*/"))
        codes = tuple(code.strip().upper() for code in match[1].split(",")) if match else ()
        reason = " ".join(match[2].split()) if match else ""
        at = _at(statements, script, comment)
        yield Waiver(file.migration.name, *position(script, comment.offset), at, codes, reason)


def _is_beyond(file: RehearsedFile, comment: Comment) -> bool:
    last = file.steps[-1].statement if file.steps else None
    return last is None or comment.offset > last.end


def _at(statements: Sequence[Statement], script: str, comment: Comment) -> int | None:
    """Return the index of the statement that a comment is attached to: inside of it, after it or before it."""
    before = bisect_right(statements, comment.offset, key=lambda statement: statement.offset) - 1
    if before >= 0:
        end = statements[before].end
        rest_of_line = _REST_OF_LINE.match(script, comment.end)
        if comment.offset < end or ("\n" not in script[end : comment.offset] and rest_of_line):
            return before
    after = before + 1
    if after < len(statements) and not _BLANK_LINE.search(script, comment.end, statements[after].offset):
        return after
    return None


def apply_waivers(waivers: Iterable[Waiver], hits: Iterable[Hit]) -> tuple[Finding, ...]:
    """Return the findings. Those that a waiver allows have its reason.

    If it allows the loss of rows, there is no finding about code that uses them.
    """
    reasons = {(w.name, w.step, code): w.reason for w in waivers for code in w.codes}
    return tuple(
        hit.finding
        if hit.finding.refused
        else replace(hit.finding, waiver=reasons.get((hit.finding.name, hit.step, hit.finding.rule.code), ""))
        for hit in hits
        if not reasons.get((hit.finding.name, hit.step, LOSSES.get(hit.finding.rule.code, "")))
    )


def find_void_waivers(waivers: Sequence[Waiver], known: Collection[str], hits: Iterable[Hit]) -> tuple[Finding, ...]:
    """Return findings about the waivers that allow nothing.

    Args:
        hits: The findings on this database, and those possible on a database with other rows.
    """
    refused = {(hit.finding.name, hit.step, hit.finding.rule.code): hit.finding.refused for hit in hits}
    return tuple(
        Finding(VOID, Severity.WARNING, waiver.name, waiver.line, waiver.column, f"{_MARK}: {why}")
        for waiver in waivers
        for why in _why_void(waiver, known, refused)
    )


def _why_void(
    waiver: Waiver, known: Collection[str], refused: Mapping[tuple[str, int | None, str], bool]
) -> Iterator[str]:
    if not waiver.codes:
        yield "names no rule"
    elif not waiver.reason:
        yield "gives no reason"
    elif waiver.step is None:
        yield "is not at a statement"
    else:
        for code in waiver.codes:
            at = (waiver.name, waiver.step, code)
            if code not in known:
                yield f"there is no rule {code}"
            elif refused.get(at):
                yield f"{code} is D1's own refusal, which no comment allows"
            elif at not in refused and code not in _ELSEWHERE:
                yield f"{code} finds nothing here"
