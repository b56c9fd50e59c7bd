"""Workflow commands, read as GitHub's runner reads them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from pulumi_d1.reports.review_github import review_github
from tests.support.annotations import DRIFT, ERROR, HOSTILE, NOTE

COMMAND: Final = re.compile(r"::(?P<command>\w+) (?P<properties>[^:]*)::(?P<message>.*)")


def unescaped(text: str) -> str:
    for escaped, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, sign)
    return text


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Return command, properties and message, as actions/runner does: a property ends at a comma, all of them at ::."""
    match = COMMAND.fullmatch(line)
    assert match, line
    properties = dict(part.split("=", maxsplit=1) for part in match["properties"].split(","))
    return match["command"], {key: unescaped(value) for key, value in properties.items()}, unescaped(match["message"])


def test_each_level_is_a_command_of_its_own() -> None:
    commands = [read(line)[0] for line in review_github([ERROR, DRIFT, NOTE]).splitlines()]
    assert commands == ["error", "warning", "notice"]


def test_a_place_with_colons_and_commas_arrives_whole() -> None:
    _, properties, message = read(review_github([ERROR]))
    assert properties == {
        "file": "database/migrations/0002_a:b,c.sql",
        "line": "3",
        "col": "7",
        "title": "D102: a table is dropped, with its rows: all of them",
    }
    assert message == "t is dropped\nInstead: Rename it first."


def test_an_allowed_finding_shows_its_reason() -> None:
    assert read(review_github([NOTE]))[2] == "u is dropped\nAllowed: unused"


def test_no_name_becomes_a_command_or_a_line_of_its_own() -> None:
    item = replace(ERROR, file=HOSTILE, message=HOSTILE, advice=HOSTILE)
    (line,) = review_github([item]).splitlines()
    _, properties, message = read(line)
    assert set(properties) == {"file", "line", "col", "title"}
    assert "\x1b" not in line
    assert message == f"{HOSTILE}\nInstead: {HOSTILE}", "a % in it, too"


def test_without_findings_there_is_nothing() -> None:
    assert review_github([]) == ""
