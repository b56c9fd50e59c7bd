"""SARIF, checked with the official schema."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sarif_kit.validate import validation_errors  # type: ignore[import-untyped] # it has no types

from pulumi_d1.reports.review_sarif import reviews_sarif
from tests.support.annotations import DRIFT, ERROR, HOSTILE, NOTE

if TYPE_CHECKING:
    from pulumi_d1.reports.annotations import Annotation


def log(*stacks: tuple[str, list[Annotation]]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(reviews_sarif(stacks, "0.1.0"))
    return content


def results(*annotations: Annotation) -> list[dict[str, Any]]:
    [run] = log(("dev", list(annotations)))["runs"]
    found: list[dict[str, Any]] = run["results"]
    return found


def test_it_matches_the_schema() -> None:
    hostile = replace(ERROR, file=HOSTILE, message=HOSTILE, advice=HOSTILE)
    content = log(("dev", [ERROR, DRIFT, NOTE, hostile]), ("prod", []))
    assert validation_errors(content) == []
    content["runs"][0]["results"][0]["level"] = "fatal"
    assert validation_errors(content) != [], "the schema is checked"


def test_each_stack_has_a_run_and_a_category() -> None:
    runs = log(("dev", [ERROR]), ("prod", [DRIFT]))["runs"]
    assert [run["automationDetails"]["id"] for run in runs] == ["d1/dev/", "d1/prod/"]


def test_a_finding_has_its_place_and_the_texts_of_its_rule() -> None:
    [run] = log(("dev", [ERROR, NOTE]))["runs"]
    first, second = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "database/migrations/0002_a%3Ab%2Cc.sql"
    assert place["region"] == {"startLine": 3, "startColumn": 7}
    assert (first["level"], "suppressions" in first) == ("error", False)
    assert second["suppressions"] == [{"kind": "inSource", "justification": "unused"}]
    [rule] = run["tool"]["driver"]["rules"]
    assert {result["ruleIndex"] for result in run["results"]} == {0}
    assert rule["help"]["text"] == "They are gone.\nInstead: Rename it first."


def test_no_name_becomes_a_link_or_a_placeholder() -> None:
    [result] = results(replace(ERROR, file=HOSTILE, message=HOSTILE))
    text = result["message"]["text"]
    assert "](" not in text
    assert "{{0}}" in text
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert "://" not in uri
    assert "\x1b" not in unquote(uri)
