"""SQLite itself answers whether a statement affects every row, and whether only an empty table accepts a column."""

from __future__ import annotations

import pytest

from pulumi_d1.sqlite.probe import affects_every_row, empty_table_error
from pulumi_d1.sqlite.statements import quoted


@pytest.mark.parametrize("table", ["t", "order", 'a "b"'])
@pytest.mark.parametrize(
    ("column", "needs"),
    [
        ("a INTEGER NOT NULL", "NOT NULL column with default value NULL"),
        ("a INTEGER NOT NULL DEFAULT NULL", "NOT NULL column with default value NULL"),
        ("a INTEGER NOT NULL DEFAULT (NULL)", "NOT NULL column with default value NULL"),
        ("a INTEGER NOT NULL CHECK (a < other)", "NOT NULL column with default value NULL"),
        ("a DEFAULT (random())", "column with non-constant default"),
        ("a DEFAULT (1 + 1)", "column with non-constant default"),
        ("a DEFAULT CURRENT_TIMESTAMP", "column with non-constant default"),
        ("a DEFAULT 1 REFERENCES parent (id)", "REFERENCES column with non-NULL default value"),
        ("a AS (other + 1) STORED", "STORED column"),
        ("a", ""),
        ("a INTEGER NOT NULL DEFAULT 0", ""),
        ("a DEFAULT (1)", ""),
        ("a REFERENCES parent (id)", ""),
        ("a AS (other + 1)", ""),
        ("a INTEGER CHECK (a < other) DEFAULT 1", ""),
    ],
)
def test_a_column_that_only_an_empty_table_accepts_is_recognized_without_the_other_columns(
    table: str, column: str, needs: str
) -> None:
    error = empty_table_error(f"ALTER TABLE {quoted(table)} ADD COLUMN {column}", table)
    assert needs in error
    assert bool(error) is bool(needs)


@pytest.mark.parametrize(
    ("where", "every"),
    [
        ("", True),
        ("WHERE 1", True),
        ("WHERE 'a' = 'a' OR 1 = 2", True),
        ("WHERE true RETURNING id", True),
        ("WHERE 0", False),
        ("WHERE id > 100", False),
        ('WHERE "id" > 100', False),
        ("WHERE \"role\" <> 'admin'", False),
        ('WHERE "revoked_at" IS NOT NULL', False),
        ("WHERE `id` > 100 OR [id] < 0", False),
    ],
)
def test_a_condition_that_names_a_column_depends_on_the_row(where: str, *, every: bool) -> None:
    assert affects_every_row(f'DELETE FROM "sessions" {where}') is every
