"""A rule, and a place that breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.migrations.plan import Problem
from pulumi_d1.sqlite.statements import normalize_newlines, position

if TYPE_CHECKING:
    from pulumi_d1.migrations.plan import Severity
    from pulumi_d1.migrations.rehearsal.rehearse import RehearsedFile


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for migrations.

    Attributes:
        code: A stable code such as D101, used in waivers, JSON output and the documentation.
        why: The consequence on D1, with sources.
        problem: The problem whose severity a stack's policy sets.
    """

    code: str
    title: str
    why: str
    instead: str
    problem: Problem = Problem.DANGEROUS

    @property
    def documentation(self) -> str:
        """The command that prints its explanation: an installed user has no docs folder."""
        return f"d1 explain {self.code}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a rule.

    Attributes:
        severity: ERROR or WARNING.
        line: Line in the file, from 1.
        column: Column in the line, in characters, from 1.
        message: One line about what is wrong, with the names and row counts.
        refused: True if D1 itself refuses the statement. No policy and no waiver can allow that.
        waiver: The file's reason for allowing it; empty if the file does not.
        advice: What to do instead in this case; empty for the rule's own advice.
    """

    rule: Rule
    severity: Severity
    name: str
    line: int
    column: int
    message: str
    refused: bool = False
    waiver: str = ""
    advice: str = ""

    @property
    def instead(self) -> str:
        """The advice of this finding."""
        return self.advice or self.rule.instead

    def in_folder(self, folder: str) -> str:
        """Return one line that starts with the file's path, in the format of compilers."""
        return f"{folder}/{self.name}:{self.line}:{self.column}: {self.rule.code} {self.message}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding, and the statement to which a waiver for it must be attached.

    Attributes:
        step: 0-based index into the file's steps; None if the finding is not about a single statement.
        finding: The finding, not waived yet.
    """

    step: int | None
    finding: Finding


def hit_at(  # noqa: PLR0913 - all that a finding has
    file: RehearsedFile, step: int, rule: Rule, severity: Severity, message: str, *, advice: str = "", offset: int = 0
) -> Hit:
    """Return a finding about the statement at a 0-based index of the file's steps.

    Args:
        offset: Place in the statement's text, in characters.
    """
    place = position(normalize_newlines(file.migration.sql), file.steps[step].statement.offset + offset)
    return Hit(step, Finding(rule, severity, file.migration.name, *place, message, advice=advice))


def format_rows(number: int) -> str:
    """Return a number with its noun: `1 row`, `1,204 rows`."""
    return f"{number:,} row{'' if number == 1 else 's'}"
