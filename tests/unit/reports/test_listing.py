"""A pending file is shown with its findings at their lines, and a long one only around them."""

from __future__ import annotations

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Finding, Rule
from pulumi_d1.reports.listing import MOST_LINES, ListedFile, MarkedFinding, list_file

RULE = Rule("D101", "rows go", "why", "Do something else.")


def listed(lines: int, *found: int) -> ListedFile:
    findings = [MarkedFinding("error", Finding(RULE, Severity.ERROR, "1.sql", line, 1, "m")) for line in found]
    return list_file(Migration("1.sql", "".join(f"-- {number}\n" for number in range(1, lines + 1))), findings)


def test_a_short_file_is_shown_as_a_whole() -> None:
    file = listed(40, 7)
    assert [line.number for line in file.lines] == list(range(1, 41))
    assert [(line.number, line.text) for line in file.lines if line.findings] == [(7, "-- 7")]
    assert (file.skipped, file.errors, file.warnings) == (0, 1, 0)


def test_a_long_file_is_shown_around_its_findings() -> None:
    file = listed(1000, 100, 500)
    assert [line.number for line in file.lines] == [*range(97, 104), *range(497, 504)]
    assert [line.skipped for line in file.lines if line.skipped] == [96, 393]
    assert file.skipped == 1000 - 503


def test_a_long_file_without_findings_shows_its_first_lines() -> None:
    file = listed(1000)
    assert [line.number for line in file.lines] == list(range(1, 41))
    assert file.skipped == 960


def test_no_finding_is_left_out_and_one_after_the_last_line_is_at_the_last() -> None:
    places = range(1, 5001, 2)
    file = listed(5000, *places, 9999)
    assert sum(len(line.findings) for line in file.lines) == len(places) + 1
    assert len(file.lines) <= MOST_LINES + len(places) + 1


def test_an_empty_file_has_one_empty_line() -> None:
    assert [line.text for line in listed(0).lines] == [""]
