"""A review as annotations: each error, warning and allowed finding at a place in the repository. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Problem
from pulumi_d1.migrations.review.lint.finding import Rule
from pulumi_d1.reports.markdown import visible
from pulumi_d1.reports.review_text import drift_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pulumi_d1.migrations.plan import FolderProblem, Severity
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.migrations.review.review import Review


class Level(StrEnum):
    """The levels of SARIF that are used."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    """A finding that the file allows."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One message about one place. No text has a line break or a control character.

    Attributes:
        file: The file's path from the root of the repository.
        line: Line in the file, from 1.
        column: Column in the line, from 1.
        message: What is wrong.
        advice: What to do; empty if the message has it.
        waiver: The file's reason for allowing it; empty unless the level is NOTE.
    """

    level: Level
    rule: Rule
    file: str
    message: str
    line: int = 1
    column: int = 1
    advice: str = ""
    waiver: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPlaces:
    """The places of a review's messages, as paths from the root of the repository.

    Attributes:
        migrations: The migrations folder.
        settings: The stack's configuration: the place of what concerns no migration.
    """

    stack: str
    database: str
    migrations: str
    settings: str

    def migration(self, name: str) -> str:
        """Return the path of a migration."""
        return visible(f"{self.migrations}/{name}")


_PROBLEMS: Final[Mapping[Problem, Rule]] = MappingProxyType(
    {
        problem: Rule(problem.replace(" ", "-"), title, why, "")
        for problem, title, why in (
            (Problem.EDITED, "an applied file was edited", "The change never reaches the database."),
            (Problem.MISSING, "an applied file is gone", "A new database would differ from this one."),
            (
                Problem.OUT_OF_ORDER,
                "a new file sorts before an applied one",
                "A new database would run them in the opposite order.",
            ),
            (Problem.RENAMED, "an applied file was renamed", "It would run a second time."),
            (
                Problem.DUPLICATE_NUMBER,
                "two files have the same number",
                "The rest of their names decides which of them runs first.",
            ),
            (Problem.QUARANTINED, "a restore undid this text", "It would do the same harm again."),
            (
                Problem.EMPTY,
                "a new file has no statement",
                "It would be recorded as applied, and SQL added later would never run.",
            ),
            (
                Problem.SQUASHED,
                "a squashed file cannot be applied",
                "Files that it stands for are applied in part, or are still in the folder.",
            ),
            (Problem.DANGEROUS, "a new file could not be rehearsed", "It is unknown whether rows would be lost."),
        )
    }
)
_DRIFT: Final = Rule(
    "drift", "the schema has drifted", "The live schema is not what the applied files create.", "Write a migration."
)
_NOT_REHEARSED: Final = Rule(
    "not-rehearsed", "the files could not be rehearsed", "Only pulumi up will show whether they run.", ""
)
_NOT_READ: Final = Rule("not-read", "a file is passed over", "It is in the folder, but it never runs.", "")


def annotate(
    review: Review, policy: Mapping[Problem, Severity], hints: Iterable[str], places: ReviewPlaces
) -> tuple[Annotation, ...]:
    """Return the errors, the warnings (drift among them), and the findings that the files allow, in this order.

    Args:
        hints: Lines about files of the folder that do not count.
    """
    obstacle = (review.obstacle,) if review.obstacle else ()
    waived = (finding for finding in review.findings if finding.waiver)
    return (
        *_annotations(Level.ERROR, *review.errors(policy), places),
        *_annotations(Level.WARNING, *review.warnings(policy), places),
        *_about_stack(_DRIFT, drift_lines(review.drift), places),
        *_about_stack(_NOT_REHEARSED, obstacle, places),
        *_about_stack(_NOT_READ, hints, places),
        *_annotations(Level.NOTE, (), waived, places),
    )


def _annotations(
    level: Level, problems: Iterable[FolderProblem], findings: Iterable[Finding], places: ReviewPlaces
) -> Iterator[Annotation]:
    for problem in problems:
        rule, message = _PROBLEMS[problem.problem], visible(f"{problem.name} {problem.message}")
        yield Annotation(level, rule, places.migration(problem.name), message)
    for finding in findings:
        yield Annotation(
            level,
            finding.rule,
            places.migration(finding.name),
            visible(finding.message),
            line=finding.line,
            column=finding.column,
            advice="" if finding.waiver else visible(f"{finding.instead} ({finding.rule.documentation})"),
            waiver=visible(finding.waiver),
        )


def _about_stack(rule: Rule, messages: Iterable[str], places: ReviewPlaces) -> Iterator[Annotation]:
    for message in messages:
        yield Annotation(Level.WARNING, rule, visible(places.settings), visible(f"{places.database}: {message}"))
