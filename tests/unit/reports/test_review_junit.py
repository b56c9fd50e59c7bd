"""JUnit XML, read by a parser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

from pulumi_d1.reports.review_junit import review_junit
from tests.support.annotations import DRIFT, ERROR, HOSTILE, NOTE, PLACES

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from pulumi_d1.reports.annotations import Annotation


def suite(*annotations: Annotation, pending: tuple[str, ...] = ()) -> Element:
    [found] = fromstring(review_junit(annotations, pending, PLACES))  # noqa: S314 - our own text
    return found


def test_each_pending_file_is_a_test_and_so_is_the_database() -> None:
    found = suite(pending=("0002_b.sql",))
    assert [test.get("name") for test in found] == ["shop-db-dev", "database/migrations/0002_b.sql"]
    assert (found.get("tests"), found.get("failures")) == ("2", "0")


def test_only_errors_fail_a_test() -> None:
    found = suite(ERROR, DRIFT, NOTE, pending=("0003_b.sql",))
    assert (found.get("tests"), found.get("failures")) == ("3", "1")
    [failure] = found.iter("failure")
    assert (failure.get("type"), failure.get("message")) == ("D102", "t is dropped")
    assert failure.text == (
        "database/migrations/0002_a:b,c.sql:3:7: error: D102 t is dropped\n  instead: Rename it first."
    )
    drift, allowed = (element.text for element in found.iter("system-out"))
    assert drift == "database/Pulumi.dev.yaml:1:1: warning: D102 shop-db-dev: table v is in the database"
    assert allowed == "database/migrations/0003_b.sql:1:1: note: D102 u is dropped\n  allowed: unused"


def test_a_name_is_text_and_never_markup() -> None:
    found = suite(replace(ERROR, file=HOSTILE, message=HOSTILE))
    [failure] = found.iter("failure")
    assert list(failure) == []
    assert '"c" <d>' in (failure.get("message") or "")
