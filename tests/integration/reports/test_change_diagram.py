"""Mermaid draws the diagram of the comment, and takes no name for syntax or markup."""

from __future__ import annotations

import pytest

from pulumi_d1.reports.change_diagram import change_diagram, drawable
from tests.support.browser import draw
from tests.support.marked import hostile, marked


@pytest.mark.slow
def test_mermaid_draws_hostile_names_as_text() -> None:
    drawn = draw(
        [change_diagram(drawable(hostile(), 99)), change_diagram(marked("", "CREATE TABLE users (id, name TEXT)"))]
    )
    labels = " ".join(drawn[0].labels)
    assert drawn[1].labels == ["+ users\nid\nname TEXT"]
    for item in drawn:
        assert set(item.tags) <= {"b", "br", "div", "p", "span"}
    assert 'https://example.com"' in labels
    assert "<script>alert(2)</script>" in labels
    assert "1. list" in labels
    assert "&lt;b&gt; ünï\U0001f600" in labels
