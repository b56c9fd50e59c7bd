"""A copy has the same contents as its source, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_d1.sqlite.statements import quoted
from tests.support.copying import holdings
from tests.support.copying_cases import CASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.copying import Cloud

pytestmark = pytest.mark.slow

VALUE = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False).filter(lambda number: str(number) != "-0.0"),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.binary(max_size=12),
)
_LAST_KEYS = 2**63 - 10  # AUTOINCREMENT cannot count further
NAMES = st.sampled_from(["t", "Order", "a b", 'quote "x"', "select", "naïve", "x;--", "rowid"])
TYPES = st.sampled_from(["", "TEXT", "INT", "REAL", "NUMERIC", "BLOB", "TEXT COLLATE NOCASE"])


def literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case str():
            return f"CAST(X'{value.encode().hex()}' AS TEXT)"
        case bytes():
            return f"X'{value.hex()}'"
        case float():
            return repr(value).replace("inf", "9e999")
        case _:
            return f"({value})" if value != -(2**63) else "(-9223372036854775807 - 1)"


@st.composite
def databases(draw: Callable[..., object]) -> str:
    """Return a script that creates tables of many kinds, with rows."""
    lines = ["PRAGMA defer_foreign_keys = ON;"]
    tables = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=str.lower))
    assert isinstance(tables, list)
    for table in tables:
        columns = draw(st.lists(st.tuples(NAMES, TYPES), min_size=1, max_size=4, unique_by=lambda it: it[0].lower()))
        assert isinstance(columns, list)
        parts = [f"{quoted(name)} {kind}" for name, kind in columns]
        first = quoted(columns[0][0])
        kind = draw(st.sampled_from(["plain", "integer", "counting", "keyed", "pair"]))
        if kind in {"integer", "counting"}:
            parts[0] = f"{first} INTEGER PRIMARY KEY{' AUTOINCREMENT' if kind == 'counting' else ''}"
        elif kind in {"keyed", "pair"}:
            keys = first if kind == "keyed" or len(columns) == 1 else f"{quoted(columns[1][0])} DESC, {first}"
            parts.append(f"PRIMARY KEY ({keys})")
        tail = " WITHOUT ROWID" if kind in {"keyed", "pair"} and draw(st.booleans()) else ""
        if draw(st.booleans()):
            parts.insert(len(columns), f"made AS ({first} || 'x') {draw(st.sampled_from(['STORED', 'VIRTUAL']))}")
        lines.append(f"CREATE TABLE {quoted(table)} ({', '.join(parts)}){tail};")
        rows = draw(st.lists(st.tuples(*[VALUE] * len(columns)), max_size=6))
        assert isinstance(rows, list)
        named = ", ".join(quoted(name) for name, _ in columns)
        for row in rows:
            values = list(map(literal, row))
            if kind in {"integer", "counting"} and not (isinstance(row[0], int) and row[0] < _LAST_KEYS):
                values[0] = "NULL"
            lines.append(f"INSERT OR IGNORE INTO {quoted(table)} ({named}) VALUES ({', '.join(values)});")
    return "\n".join(lines)


@pytest.mark.parametrize("script", CASES.values(), ids=CASES)
def test_a_copy_is_its_source(cloud: Cloud, script: str) -> None:
    source, target = cloud.new(script), cloud.new()
    cloud.copy(source, target)
    assert holdings(target) == holdings(source)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=databases())
def test_a_copy_of_any_database_is_its_source(cloud: Cloud, script: str) -> None:
    source, target = cloud.new(script), cloud.new()
    cloud.copy(source, target)
    assert holdings(target) == holdings(source)
