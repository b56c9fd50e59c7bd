"""Text of databases and files is printed so that no terminal and no CI system obeys it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_d1.escaping import escape_line, escape_lines, has_command
from tests.support.hostile_names import HOSTILE_NAMES, commands_in

NASTY = st.text(st.sampled_from(":#[]vsoteamcity \n\r\t\x1b\u202e\u2028a")) | st.text() | st.sampled_from(HOSTILE_NAMES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ä, 日本", "plain, ä, 日本"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("\x1b[31mred\x9b0m\x7f", r"\u001b[31mred\u009b0m\u007f"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\u0085d"),
        ("\U000e0041\ud800", r"\U000e0041\ud800"),
    ],
)
def test_a_line_shows_what_cannot_be_seen(text: str, shown: str) -> None:
    assert escape_line(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n::error::x", "a\n\\u003a:error::x"),
        ("  ::add-mask::x", "  \\u003a:add-mask::x"),
        ("value::text stays", "value::text stays"),
        ("a ##[error]x", "a \\u0023#[error]x"),
        ("##vso[task.setvariable]", "\\u0023#vso[task.setvariable]"),
        ("##teamcity[x]", "\\u0023#teamcity[x]"),
        ("## Title", "## Title"),
    ],
)
def test_lines_contain_no_command(text: str, shown: str) -> None:
    assert escape_lines(text) == shown
    assert has_command(text) == (text != shown)


def test_lines_keep_the_tabs_that_indent_sql() -> None:
    assert escape_lines("CREATE TABLE a (\n\tid\x1b\n);\r") == "CREATE TABLE a (\n\tid\\u001b\n);\\r"


@settings(deadline=None)
@given(NASTY)
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = escape_lines(text)
    assert shown.replace("\n", "").replace("\t", "").isprintable()
    assert commands_in(shown) == []
    assert shown.count("\n") == text.count("\n")
    assert escape_lines(shown) == shown, "escaping twice changes nothing"
    assert escape_line(text).isprintable()


@settings(deadline=None)
@given(st.dictionaries(NASTY, NASTY))
def test_json_keeps_its_value(document: dict[str, str]) -> None:
    assert json.loads(escape_lines(json.dumps(document, indent=2))) == document
