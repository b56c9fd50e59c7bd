"""`d1 plan` reports what happens to the rows of a database, file by file, and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cases.table import CASES

if TYPE_CHECKING:
    from tests.support.cli_project import ReviewedDatabase

NAME = "0002_pending.sql"
FILE = f"migrations/{NAME}"


def as_line(finding: dict[str, Any]) -> str:
    return f"{finding['line']}:{finding['column']}: {finding['code']} {finding['message']}"


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_reported_with_its_place_and_nothing_is_written(name: str, prod: ReviewedDatabase) -> None:
    case = CASES[name]
    prod.migrate(case.live)
    prod.write(NAME, case.pending)
    before = prod.database.bookmark()
    report = prod.plan()
    for kind, expected in (("errors", case.errors), ("warnings", case.warnings)):
        lines = [as_line(finding) for finding in report[kind]]
        assert len(lines) == len(expected), lines
        for line, start in zip(lines, expected, strict=True):
            assert line.startswith(start)
    findings = [*report["warnings"], *report["errors"]]
    assert {finding["file"] for finding in findings} <= {FILE}
    assert [finding["code"] for finding in report["allowed"]] == list(case.allowed)
    assert any(finding["refused"] for finding in findings) == case.refused
    assert report["basis"].startswith("rehearsed on "), report["basis"]
    assert "generated" not in report["basis"]
    if case.advice:
        assert case.advice in findings[-1]["instead"]

    done = prod.d1("plan", "--stack", "prod")
    assert done.exit_code == (1 if case.errors else 2)
    for finding in findings:
        assert f"  {FILE}:{as_line(finding)}\n    instead: {finding['instead']}" in done.stdout
    errors, warnings = len(case.errors), len(case.warnings)
    counts = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    assert done.stdout.endswith(f"your-app-db-prod: 1 applied, 1 pending, {counts}\n")
    assert done.stderr == ""
    assert prod.database.bookmark() == before
