"""A review's messages at their places in the repository."""

from __future__ import annotations

import pytest

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.plan import DEFAULT_POLICY, FolderProblem, MigrationPlan, Problem, Severity
from pulumi_d1.migrations.review.lint.finding import Finding
from pulumi_d1.migrations.review.review import Review
from pulumi_d1.reports.annotations import Annotation, Level, annotate
from pulumi_d1.sqlite.difference import ChangeKind, SchemaChange
from tests.support.annotations import PLACES, RULE

POLICY = {Problem.DANGEROUS: Severity.ERROR}
HOSTILE = "a\n::error::b\r\x1b[2J\u202e"

DRIFT = SchemaChange(ChangeKind.ADDED, "table", HOSTILE, "")


def finding(message: str = "t is dropped", *, waiver: str = "", severity: Severity = Severity.ERROR) -> Finding:
    return Finding(RULE, severity, "0002_b.sql", 3, 7, message, waiver=waiver)


def annotated(
    *findings: Finding,
    problems: tuple[FolderProblem, ...] = (),
    obstacle: str = "",
    drift: tuple[SchemaChange, ...] = (),
) -> list[Annotation]:
    plan = MigrationPlan((Migration("0002_b.sql", "DROP TABLE t;"),), (), problems)
    review = Review(plan, None, obstacle, (), findings, drift)
    return list(annotate(review, POLICY, ["passed over: x.SQL"], PLACES))


def test_a_finding_is_at_its_place_from_the_root_of_the_repository() -> None:
    item, _ = annotated(finding())
    assert (item.level, item.file, item.line, item.column) == (Level.ERROR, "database/migrations/0002_b.sql", 3, 7)
    assert item.advice == "Rename it first. (d1 explain D102)"


def test_errors_come_first_and_allowed_findings_last() -> None:
    items = annotated(
        finding(waiver="unused"),
        finding(severity=Severity.WARNING),
        finding(),
        obstacle="no such module: fts4",
        drift=(DRIFT,),
    )
    assert [(item.level, item.rule.code) for item in items] == [
        (Level.ERROR, "D102"),
        (Level.WARNING, "D102"),
        (Level.WARNING, "drift"),
        (Level.WARNING, "not-rehearsed"),
        (Level.WARNING, "not-read"),
        (Level.NOTE, "D102"),
    ]
    assert {item.file for item in items[2:5]} == {"database/Pulumi.dev.yaml"}
    assert (items[-1].waiver, items[-1].advice) == ("unused", "")


@pytest.mark.parametrize("problem", sorted(set(Problem) - {Problem.BREAKING}))
def test_each_problem_of_the_folder_has_a_rule(problem: Problem) -> None:
    item, _ = annotated(problems=(FolderProblem(problem, "0002_b.sql", "is wrong"),))
    assert item.level.value == POLICY.get(problem, DEFAULT_POLICY[problem]).value
    assert item.rule.code == problem.replace(" ", "-")
    assert item.message == "0002_b.sql is wrong"


def test_no_message_has_a_line_break_or_a_control_character() -> None:
    items = annotated(finding(HOSTILE, waiver=HOSTILE), finding(HOSTILE), obstacle=HOSTILE, drift=(DRIFT,))
    texts = [text for item in items for text in (item.file, item.message, item.advice, item.waiver)]
    assert len(texts) == 20
    assert [text for text in texts if any(sign in text for sign in "\n\r\x1b\u202e")] == []
