"""pulumi_d1/sqlite against the real D1 engine, on every case of the corpus."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pytest

from tests.support.sqlite import corpus, differences, ours
from tests.support.sqlite.transcript import record

if TYPE_CHECKING:
    from tests.support.workerd import Service

_WIDTH = 300  # characters of a line that are shown: some lines have megabytes


@pytest.mark.thorough
@pytest.mark.parametrize("subject", corpus.subjects())
def test_every_case_gives_the_same_as_on_the_real_engine(subject: str, real_engine: Service) -> None:
    expected = {case for difference in differences.load() for case in difference.cases}
    differing = {case.name: _difference(case, real_engine) for case in corpus.cases(subject)}
    new = [f"{name}\n{text}" for name, text in differing.items() if text and name not in expected]
    gone = [name for name, text in differing.items() if not text and name in expected]
    assert not new, "These cases differ:\n\n" + "\n\n".join(new)
    assert not gone, f"differences.toml lists cases that no longer differ: {gone}"


def test_every_listed_difference_is_a_case_of_the_corpus() -> None:
    names = {case.name for subject in corpus.subjects() for case in corpus.cases(subject)}
    assert {case for difference in differences.load() for case in difference.cases} <= names


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert sum(len(corpus.cases(subject)) for subject in corpus.subjects()) >= 300


def _difference(case: corpus.Case, real_engine: Service) -> str:
    """Return the difference between the two engines on a case, or "" if they agree."""
    theirs, mine = record(real_engine.new(), case), record(ours.new(), case)
    lines = difflib.unified_diff(theirs, mine, "D1", "pulumi_d1/sqlite", lineterm="", n=1)
    return "\n".join(line[:_WIDTH] for line in lines)
