"""Results of tests of migrations: lines for people, JUnit XML for CI servers."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from pulumi_d1.reports.row_test_report import results_junit, results_text
from pulumi_d1.row_tests.run import Failure, RowTestResult

RESULTS = (
    RowTestResult("0001_a.sql", 0.25, None),
    RowTestResult("0002_b.sql", 0.5, Failure("0002_b.sql", 3, 5, "D1 refuses this: <oops> \x1b[31m")),
)


def test_each_test_has_a_line_and_a_failure_its_reason() -> None:
    assert results_text(RESULTS, "migrations").splitlines() == [
        "migrations/tests/0001_a.sql passed",
        "migrations/tests/0002_b.sql FAILED",
        "  migrations/0002_b.sql:3:5: D1 refuses this: <oops> \x1b[31m",
        "2 tests: 1 passed, 1 failed in 0.75 s",
    ]


def test_junit_has_each_test_and_each_failure() -> None:
    root = fromstring(results_junit(RESULTS, "migrations"))  # noqa: S314 - our own text
    [suite] = root
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    passed, failed = suite
    assert (passed.get("name"), passed.get("time"), len(passed)) == ("0001_a.sql", "0.250", 0)
    assert failed.get("file") == "migrations/tests/0002_b.sql"
    assert failed[0].text == "migrations/0002_b.sql:3:5: D1 refuses this: <oops> \\u001b[31m"
