"""docs/lint.md has the texts of the rules."""

from __future__ import annotations

import re

import pytest

from pulumi_d1.migrations.review.lint.check import RULES
from tests.support.lint import documentation


def test_the_page_has_the_current_rules() -> None:
    page = documentation.PAGE.read_text()
    assert documentation.with_rules(page) == page, "run python -m tests.support.lint.documentation --write"


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs <!-- rules:begin --> and <!-- rules:end -->"):
        documentation.with_rules("nothing")


def test_every_code_that_the_page_names_is_a_rule() -> None:
    named = set(re.findall(r"\bD\d{3}\b", documentation.PAGE.read_text()))
    assert named == {rule.code for rule in RULES}
