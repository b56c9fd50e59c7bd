"""The line of the report about the rows of a rehearsal."""

from __future__ import annotations

import pytest

from pulumi_d1.migrations.rehearsal.rows.options import Basis, BasisKind, RehearsalOptions


@pytest.mark.parametrize(
    ("basis", "line"),
    [
        (Basis(BasisKind.LIVE, 41_208, 12), "rehearsed on 41,208 rows"),
        (Basis(BasisKind.LIVE, 41_208, 12, 82_416), "rehearsed on 41,208 rows (82,416 rows read)"),
        (Basis(BasisKind.LIVE, 1, 1, 1), "rehearsed on 1 row (1 row read)"),
        (Basis(BasisKind.SAMPLE, 2_400, 12), "rehearsed on a sample of 2,400 rows from 12 tables"),
        (Basis(BasisKind.SAMPLE, 1, 1, 3), "rehearsed on a sample of 1 row from 1 table (3 rows read)"),
        (Basis(BasisKind.MADE, 12, 4), "rehearsed on generated rows"),
        (
            Basis(BasisKind.MADE, 12, 4, unfilled=("t", "u")),
            "rehearsed on generated rows; no rows in: t, u, because no generated row satisfies their constraints",
        ),
        (
            Basis(BasisKind.LIVE, 5, 1, 5, unread=("search",)),
            "rehearsed on 5 rows (5 rows read); no rows in: search, because their rows cannot be read",
        ),
        (Basis(BasisKind.NEW), "rehearsed on a new database"),
    ],
)
def test_a_report_says_what_its_result_is_based_on(basis: Basis, line: str) -> None:
    assert basis.line == line


def test_the_name_of_a_table_cannot_break_the_line() -> None:
    line = Basis(BasisKind.MADE, unfilled=("a b", 'x"y', "new\nline", "red\x1b[31m")).line
    assert r'no rows in: "a b", "x""y", "new\nline", "red\u001b[31m", because' in line
    assert line.isprintable()


def test_the_limit_is_in_millions_of_bytes_and_five_thousand_rows_for_each() -> None:
    assert (RehearsalOptions().max_bytes, RehearsalOptions().max_rows) == (10_000_000, 50_000)
    assert (RehearsalOptions(limit_mb=50).max_bytes, RehearsalOptions(limit_mb=50).max_rows) == (50_000_000, 250_000)
