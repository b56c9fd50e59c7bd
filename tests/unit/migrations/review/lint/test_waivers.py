"""Comments that allow a finding, and comments that allow nothing."""

from __future__ import annotations

import pytest

from pulumi_d1.migrations.plan import Problem, Severity
from pulumi_d1.migrations.review.lint.check import stopping_findings
from tests.support.lint import live

_DROP = "DROP TABLE sessions;"


def waived(sql: str) -> list[tuple[str, str]]:
    """Return code and reason of each finding that is not about a waiver."""
    return [(item.rule.code, item.waiver) for item in live.findings(sql) if item.rule.code != "D001"]


def void(*files: str) -> list[str]:
    """Return the messages about the waivers themselves."""
    return [item.message for item in live.findings(*files) if item.rule.code == "D001"]


@pytest.mark.parametrize(
    "sql",
    [
        f"-- d1:allow D102 moved\n{_DROP}",
        f"/* d1:allow D102 moved */ {_DROP}",
        f"/* d1:allow D102\n   moved */\n{_DROP}",
        f"-- d1:allow D102 moved\n-- to KV\n{_DROP}",
        f"SELECT 1;\n-- d1:allow d102: moved\n{_DROP}",
        "DROP TABLE -- d1:allow D102 moved\n sessions;",
        "DROP TABLE /* d1:allow D102 moved */ sessions;",
        f"{_DROP} -- d1:allow D102 moved",
        f"{_DROP} -- d1:allow D102 moved\n\nSELECT 1;",
        f"{_DROP} -- d1:allow D102 moved\nSELECT 1;",
        f"SELECT 1; /* d1:allow D102 moved */ {_DROP}",
        f"-- d1:allow D103, D102 moved\n{_DROP}",
        f"-- d1:allow D103,D102 moved\r\n{_DROP}\r\n",
    ],
)
def test_a_waiver_applies_to_its_statement(sql: str) -> None:
    assert waived(sql) == [("D102", "moved")]


@pytest.mark.parametrize(
    "sql",
    [
        f"-- d1:allow D102 moved\n\n{_DROP}",
        f"{_DROP}\n-- d1:allow D102 moved",
        f"{_DROP}\n-- d1:allow D102 moved\nSELECT 1;",
        f"SELECT 1; -- d1:allow D102 moved\n{_DROP}",
        f"-- d1:allow D102 moved\nSELECT 1;\n{_DROP}",
        f"-- d1:allow D102\n{_DROP}",
        f"-- d1:allow\n{_DROP}",
        f"-- d1:allow D104 moved\n{_DROP}",
        f"SELECT '-- d1:allow D102 moved';{_DROP}",
    ],
)
def test_a_waiver_applies_nowhere_else(sql: str) -> None:
    assert waived(sql) == [("D102", "")]


def test_a_waiver_applies_to_all_findings_of_its_codes_in_the_statement() -> None:
    sql = "-- d1:allow D101, D104 the accounts were closed\nDELETE FROM users;\nDELETE FROM files;\n"
    assert waived(sql) == [
        ("D101", "the accounts were closed"),
        ("D104", "the accounts were closed"),
        ("D104", ""),
    ]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (f"-- d1:allow\n{_DROP}", "d1:allow: names no rule"),
        (f"-- d1:allow whatever it takes\n{_DROP}", "d1:allow: names no rule"),
        (f"-- d1:allow D102\n{_DROP}", "d1:allow: gives no reason"),
        (f"-- d1:allow D999 x\n{_DROP}", "d1:allow: there is no rule D999"),
        (f"-- d1:allow D102 x\n\n{_DROP}", "d1:allow: is not at a statement"),
        ("-- d1:allow D102 x", "d1:allow: is not at a statement"),
        (f"-- d1:allow D102, D104 x\n{_DROP}", "d1:allow: D104 finds nothing here"),
        ("-- d1:allow D200 x\nDROP TABLE nothing;", "d1:allow: D200 is D1's own refusal, which no comment allows"),
        (
            "-- d1:allow D201 x\nALTER TABLE users ADD x NOT NULL;",
            "d1:allow: D201 is D1's own refusal, which no comment allows",
        ),
    ],
)
def test_a_waiver_that_allows_nothing_is_reported(sql: str, message: str) -> None:
    assert void(sql) == [message]


def test_the_finding_is_at_the_comment() -> None:
    [*_, finding] = live.findings(f"SELECT 1;\n  -- d1:allow\n{_DROP}")[:1]
    assert (finding.line, finding.column) == (2, 3)


def test_a_waiver_that_a_database_with_rows_needs_is_not_void_on_a_new_one() -> None:
    files = (f"-- d1:allow D102 moved\n{_DROP}", "-- d1:allow D101 x\nDELETE FROM users;")
    assert live.of_new_database(*files) == ()
    assert void("-- d1:allow D304 as in dev\nCREATE TABLE IF NOT EXISTS tags (id);") == []


def test_comments_after_a_refused_statement_are_ignored() -> None:
    assert void(f"DROP TABLE nothing;\n-- d1:allow D102 moved\n{_DROP}") == []


def test_a_refusal_by_d1_stops_a_run_despite_a_waiver() -> None:
    findings = live.findings("-- d1:allow D203 we need it\nPRAGMA journal_mode = WAL;")
    assert [item.rule.code for item in stopping_findings(findings, policy={})] == ["D203"]


def test_errors_without_a_waiver_stop_a_run_if_errors_stop() -> None:
    findings = live.findings(f"{_DROP}\nDELETE FROM files; -- d1:allow D104 a cache\nUPDATE users SET name = '';")
    assert [(item.rule.code, item.severity) for item in findings] == [
        ("D102", "error"),
        ("D104", "error"),
        ("D105", "warning"),
    ]
    assert [item.rule.code for item in stopping_findings(findings, policy={Problem.DANGEROUS: Severity.ERROR})] == [
        "D102"
    ]
    assert stopping_findings(findings, policy={}) == ()
