"""A review as JUnit XML, which CI servers show as tests: one for each file, and one for the database. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pulumi_d1.reports.annotations import Level
from pulumi_d1.reports.markdown import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_d1.reports.annotations import Annotation, ReviewPlaces


def review_junit(annotations: Sequence[Annotation], pending: Iterable[str], places: ReviewPlaces) -> str:
    """Return an XML document.

    Args:
        pending: The names of the pending files. Those without a finding are tests that pass.
    """
    database = visible(places.settings)
    files = dict.fromkeys([database, *map(places.migration, pending), *(item.file for item in annotations)])
    suite = Element("testsuite", name=f"d1 plan {places.stack}")
    for file in files:
        name = places.database if file == database else file
        test = SubElement(suite, "testcase", classname=suite.attrib["name"], name=name, file=file)
        _add_results(test, [item for item in annotations if item.file == file])
    suite.set("tests", str(len(files)))
    suite.set("failures", str(len(suite.findall(".//failure"))))
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}'


def _add_results(test: Element, annotations: Sequence[Annotation]) -> None:
    errors = [item for item in annotations if item.level is Level.ERROR]
    others = [item for item in annotations if item.level is not Level.ERROR]
    if errors:
        failure = SubElement(test, "failure", message=errors[0].message, type=errors[0].rule.code)
        failure.text = "\n".join(map(_text, errors))
    if others:
        SubElement(test, "system-out").text = "\n".join(map(_text, others))


def _text(item: Annotation) -> str:
    place = f"{item.file}:{item.line}:{item.column}: {item.level}: {item.rule.code} {item.message}"
    advice = [f"  instead: {item.advice}"] if item.advice else []
    return "\n".join([place, *advice, *([f"  allowed: {item.waiver}"] if item.waiver else [])])
