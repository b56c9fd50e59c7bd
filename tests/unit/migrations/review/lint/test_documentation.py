"""docs/lint.md has the texts of the rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations.review.lint.check import RULES
from tests.support.lint import documentation

if TYPE_CHECKING:
    from pulumi_d1.migrations.review.lint.finding import Rule


def test_the_page_has_the_current_rules() -> None:
    page = documentation.PAGE.read_text()
    assert documentation.with_rules(page) == page, "run python -m tests.support.lint.documentation --write"


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="needs <!-- rules:begin --> and <!-- rules:end -->"):
        documentation.with_rules("nothing")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_address_of_a_rule_leads_to_its_section(rule: Rule) -> None:
    file, _, anchor = rule.documentation.partition("#")
    assert documentation.PAGE.as_posix().endswith(file)
    assert documentation.PAGE.read_text().count(f'<a id="{anchor}"></a>') == 1


def test_every_code_that_the_page_names_is_a_rule() -> None:
    named = set(re.findall(r"\bD\d{3}\b", documentation.PAGE.read_text()))
    assert named == {rule.code for rule in RULES}
