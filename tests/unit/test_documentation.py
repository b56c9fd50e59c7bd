"""Parts of the documentation that repeat the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations.run import outcome
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted((ROOT / "docs").glob("*.md"))


def test_the_readme_shows_the_whole_program() -> None:
    _, _, program = (ROOT / "__main__.py").read_text().partition("\n\n")
    assert f"```python\n{program}```" in (ROOT / "README.md").read_text()


def test_the_page_about_failures_has_a_row_for_each_outcome_with_a_next_step() -> None:
    outcomes = [value for value in vars(outcome).values() if isinstance(value, outcome.RequestOutcome) and value.next]
    page = (ROOT / "docs" / "failures.md").read_text()
    assert len(outcomes) > 1
    assert [item.known for item in outcomes if f"| `{item.known}` |" not in page] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_begins_with_what_the_reader_can_do_afterwards(page: Path) -> None:
    title, empty, opening, *_ = page.read_text().splitlines()
    assert title.startswith("# ")
    assert not empty
    assert re.match(r"After reading this page you (can|know) ", opening)
