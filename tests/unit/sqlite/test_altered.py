"""What an ALTER TABLE changes, and what it needs an empty table for."""

from __future__ import annotations

import pytest

from pulumi_d1.sqlite.altered import Altered, Part, altered
from pulumi_d1.sqlite.needs_empty import needs_empty
from pulumi_d1.sqlite.statements import quoted


@pytest.mark.parametrize(
    ("sql", "change"),
    [
        ("ALTER TABLE t RENAME TO New;", Altered(Part.TABLE, "", "new")),
        ('alter table main."a b" rename to "c ""d"""', Altered(Part.TABLE, "", 'c "d"')),
        ("ALTER TABLE t RENAME COLUMN a TO b", Altered(Part.COLUMN, "a", "b")),
        ("ALTER TABLE t RENAME [a] /* to c */ TO `b`", Altered(Part.COLUMN, "a", "b")),
        ("ALTER TABLE t ADD COLUMN a INTEGER NOT NULL", Altered(Part.ADDED_COLUMN, "", "a")),
        ("ALTER TABLE t ADD a", Altered(Part.ADDED_COLUMN, "", "a")),
        ("ALTER TABLE t DROP COLUMN a", None),
        ("CREATE TABLE t (a)", None),
        ("ALTER TABLE", None),
    ],
)
def test_new_names_are_read(sql: str, change: Altered | None) -> None:
    assert altered(sql) == change


@pytest.mark.parametrize("table", ["t", "order", 'say "hi"'])
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
def test_what_only_an_empty_table_can_get_is_known_without_its_other_columns(
    table: str, column: str, needs: str
) -> None:
    error = needs_empty(f"ALTER TABLE {quoted(table)} ADD COLUMN {column}", table)
    assert needs in error
    assert bool(error) is bool(needs)
