"""User text cannot leave its code span. A Markdown parser checks that."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pulumi_d1.reports.markdown import LENGTH, cell, code, fenced, plain

PARSER = MarkdownIt("commonmark").enable("table")
NASTY = st.text(st.sampled_from("a`|\\@<>#*_[]()!~&; \n\r\t\u202e\x00-")) | st.text()


def inline(markdown: str) -> list[tuple[str, str]]:
    """Return the type and content of each part of a text that is one paragraph."""
    opened, content, closed = PARSER.parse(markdown)
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    return [(token.type, token.content) for token in content.children or ()]


@settings(deadline=None)
@given(NASTY)
def test_a_text_in_a_line_is_one_code_span(text: str) -> None:
    shown = plain(text)
    ((kind, content),) = [item for item in inline(f"x{code(text)}y") if item[0] != "text"]
    assert kind == "code_inline"
    assert content.strip() == shown.strip()


@settings(deadline=None)
@given(NASTY)
def test_a_text_in_a_table_stays_in_its_cell(text: str) -> None:
    tokens = PARSER.parse(f"| a | b |\n|---|---|\n| {cell(text)} | end |\n")
    cells = [token for token, before in zip(tokens[1:], tokens, strict=False) if before.type == "td_open"]
    assert len(cells) == 2
    assert cells[1].content == "end"
    (span,) = cells[0].children or []
    assert (span.type, span.content.strip()) == ("code_inline", plain(text).strip())


@settings(deadline=None)
@given(st.lists(NASTY))
def test_lines_stay_in_their_fence(lines: list[str]) -> None:
    block, *rest = PARSER.parse(f"{fenced(lines, 'diff')}\n\nend\n")
    assert (block.type, block.info) == ("fence", "diff")
    assert block.content == "".join(f"{plain(line)}\n" for line in lines)
    assert [token.content for token in rest if token.type == "inline"] == ["end"]


@settings(deadline=None)
@given(NASTY)
def test_a_text_is_one_visible_line_of_limited_length(text: str) -> None:
    shown = plain(text)
    assert len(shown) <= LENGTH
    assert not set(shown) & set("\n\r\t\x00\u202e")


def test_a_long_text_ends_with_an_ellipsis() -> None:
    assert plain("a" * 501) == "a" * 499 + "…"
