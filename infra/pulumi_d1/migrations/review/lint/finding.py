"""A rule, and a place where it applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.sqlite.statements import normalize_newlines, position

if TYPE_CHECKING:
    from pulumi_d1.migrations.plan import Severity
    from pulumi_d1.migrations.review.rehearsal import RehearsedFile


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a migration should not do.

    Attributes:
        code: stable, such as D101; waivers, JSON output and the documentation name the rule by it.
        title: what it is about, in a few words.
        why: what happens on D1, and where that is known from.
        instead: what to do.
    """

    code: str
    title: str
    why: str
    instead: str

    @property
    def documentation(self) -> str:
        """Where it is explained, from the project's folder."""
        return f"docs/lint.md#{self.code.lower()}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where a rule applies.

    Attributes:
        rule: which.
        severity: ERROR or WARNING.
        name: of the migration.
        line: of the file, from 1.
        column: of the line, in characters, from 1.
        message: what is wrong there, with the names and rows that it concerns; one line.
        refused: whether D1 itself refuses the statement: no policy and no waiver lets it through.
        waiver: the reason that the file gives for allowing it; empty when it does not.
    """

    rule: Rule
    severity: Severity
    name: str
    line: int
    column: int
    message: str
    refused: bool = False
    waiver: str = ""

    def in_folder(self, folder: str) -> str:
        """One line that starts with the file's path, as compilers write it."""
        return f"{folder}/{self.name}:{self.line}:{self.column}: {self.rule.code} {self.message}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding, and the statement that a waiver has to stand at.

    Attributes:
        step: 0-based place of the statement in its file; None where it is about no single one.
        finding: not waived yet.
    """

    step: int | None
    finding: Finding


def hit(file: RehearsedFile, step: int, rule: Rule, severity: Severity, message: str) -> Hit:
    """A finding about one statement, from its 0-based place in the file."""
    line, column = position(normalize_newlines(file.migration.sql), file.steps[step].statement.offset)
    return Hit(step, Finding(rule, severity, file.migration.name, line, column, message))
