"""Results of tests of migrations, as text and as JUnit XML. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pulumi_d1.migrations.passed_over import TESTS_FOLDER
from pulumi_d1.reports.markdown import visible
from pulumi_d1.reports.review_text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.row_tests.run import Failure, RowTestResult


def results_text(results: Sequence[RowTestResult], folder: str) -> str:
    """Return a line for each test, with the reason below one that failed, and then their numbers.

    Args:
        folder: The migrations folder, as the user wrote it.
    """
    lines = []
    for result in results:
        lines.append(f"{folder}/{TESTS_FOLDER}/{result.name} {'FAILED' if result.failure else 'passed'}")
        if result.failure:
            lines.append(f"  {_reason(result.failure, folder)}")
    failed = sum(result.failure is not None for result in results)
    seconds = sum(result.seconds for result in results)
    lines.append(f"{counted(len(results), 'test')}: {len(results) - failed} passed, {failed} failed in {seconds:.2f} s")
    return "\n".join(lines)


def results_junit(results: Sequence[RowTestResult], folder: str) -> str:
    """Return an XML document, which CI servers show as a test report.

    Args:
        folder: The migrations folder, as the user wrote it.
    """
    suite = Element("testsuite", name="d1 test", tests=str(len(results)))
    for result in results:
        file = visible(f"{folder}/{TESTS_FOLDER}/{result.name}")
        case = SubElement(suite, "testcase", classname="d1 test", name=visible(result.name), file=file)
        case.set("time", f"{result.seconds:.3f}")
        if result.failure:
            reason = visible(_reason(result.failure, folder))
            SubElement(case, "failure", message=visible(result.failure.message), type="failure").text = reason
    suite.set("failures", str(len(suite.findall("./testcase/failure"))))
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _reason(failure: Failure, folder: str) -> str:
    return f"{folder}/{failure.file}:{failure.line}:{failure.column}: {failure.message}"
