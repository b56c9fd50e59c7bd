"""The transcript shows every difference between two engines."""

from __future__ import annotations

import pytest

from tests.support.sqlite import ours
from tests.support.sqlite.corpus import Batch, Case
from tests.support.sqlite.transcript import Refused, record


def _record(*statements: str, prepare: Batch = ()) -> list[str]:
    return record(ours.new(), Case("a case", prepare, (tuple({"sql": sql} for sql in statements),)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT 1", "SELECT 2 AS '1'"),
        ("SELECT 1 AS a", "SELECT 1 AS b"),
        ("SELECT a", "SELECT b"),
        ("CREATE TABLE t (a)", "CREATE TABLE t ( a)"),
        ("CREATE TABLE t AS SELECT 1 AS a", "CREATE TABLE t AS SELECT 1.0 AS a"),
        ("CREATE TABLE t AS SELECT 9007199254740993 AS a", "CREATE TABLE t AS SELECT 9007199254740992 AS a"),
    ],
)
def test_a_difference_shows(one: str, other: str) -> None:
    assert _record(one) != _record(other)


def test_a_refused_batch_shows_its_error_and_what_it_left_behind() -> None:
    assert _record("CREATE TABLE t (a)", "SELECT nope") == [
        "error no such column: nope at offset 7: SQLITE_ERROR",
    ]


def test_a_case_whose_preparation_is_refused_is_a_mistake() -> None:
    with pytest.raises(Refused, match="no such table: missing"):
        _record("SELECT 1", prepare=({"sql": "DELETE FROM missing"},))
