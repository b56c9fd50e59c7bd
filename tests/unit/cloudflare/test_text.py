"""Text of other programs on one line, whole unless it is long."""

from __future__ import annotations

import pytest

from pulumi_d1.cloudflare.text import MOST_CHARACTERS, one_line


@pytest.mark.parametrize("length", [1, 200, MOST_CHARACTERS])
def test_a_text_of_usual_length_is_whole(length: int) -> None:
    assert one_line("x" * length) == "x" * length


def test_a_longer_text_is_cut_with_a_mark() -> None:
    assert one_line("x" * (MOST_CHARACTERS + 1)) == "x" * MOST_CHARACTERS + "…"


def test_lines_and_control_characters_do_not_reach_a_terminal() -> None:
    assert one_line(" a\r\n\tb \x1b[31m") == "a b \\u001b[31m"
