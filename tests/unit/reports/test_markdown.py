"""Names and messages of the user's can't leave the code that they stand in. The judge is a parser of Markdown."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pulumi_d1.reports.markdown import LENGTH, cell, code, fenced, plain

PARSER = MarkdownIt("commonmark").enable("table")
NASTY = st.text(st.sampled_from("a`|\\@<>#*_[]()!~&; \n\r\t\u202e\x00-")) | st.text()


def inline(markdown: str) -> list[tuple[str, str]]:
    """Kind and content of everything in the one paragraph that the text is."""
    opened, content, closed = PARSER.parse(markdown)
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    return [(token.type, token.content) for token in content.children or ()]


@settings(deadline=None)
@given(NASTY)
def test_a_text_in_a_line_is_one_span_of_code(text: str) -> None:
    shown = plain(text)
    (found,) = [item for item in inline(f"x{code(text)}y") if item[0] != "text"]
    assert found[0] == "code_inline"
    assert found[1].strip() == shown.strip()


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
def test_a_text_is_one_line_that_can_be_seen_and_has_an_end(text: str) -> None:
    shown = plain(text)
    assert len(shown) <= LENGTH
    assert not set(shown) & set("\n\r\t\x00\u202e")


def test_a_long_text_says_that_it_goes_on() -> None:
    assert plain("a" * 501) == "a" * 499 + "…"
