"""The list of differences in the docs."""

from __future__ import annotations

import pytest

from tests.support.sqlite import differences


def test_the_page_has_the_current_list() -> None:
    page = differences.PAGE.read_text()
    assert differences.with_list(page) == page, "run python -m tests.support.sqlite.differences --write"


def test_only_what_is_between_the_markers_changes() -> None:
    page = "before\n<!-- differences:begin -->\nold\n<!-- differences:end -->\nafter\n"
    written = differences.with_list(page)
    assert written.startswith("before\n<!-- differences:begin -->\n\n- ")
    assert written.endswith("\n<!-- differences:end -->\nafter\n")
    assert "old" not in written


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs <!-- differences:begin --> and <!-- differences:end -->"):
        differences.with_list("nothing")
