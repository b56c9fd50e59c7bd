"""docs/failures.md explains each outcome that needs a next step."""

from __future__ import annotations

from pulumi_d1.migrations.run import outcome
from tests.support.paths import ROOT


def test_the_page_has_a_row_for_each_outcome_with_a_next_step() -> None:
    outcomes = [value for value in vars(outcome).values() if isinstance(value, outcome.RequestOutcome) and value.next]
    page = (ROOT / "docs" / "failures.md").read_text()
    assert len(outcomes) > 1
    assert [item.known for item in outcomes if f"| `{item.known}` |" not in page] == []
