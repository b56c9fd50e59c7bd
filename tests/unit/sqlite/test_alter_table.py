"""The new names in an ALTER TABLE, and the columns that only an empty table accepts."""

from __future__ import annotations

import pytest

from pulumi_d1.sqlite.alter_table import AlterKind, AlterTable, parse_alter_table
from pulumi_d1.sqlite.probe import empty_table_error
from pulumi_d1.sqlite.statements import quoted


@pytest.mark.parametrize(
    ("sql", "change"),
    [
        ("ALTER TABLE t RENAME TO New;", AlterTable(AlterKind.RENAME_TABLE, "", "new")),
        ('alter table main."a b" rename to "c ""d"""', AlterTable(AlterKind.RENAME_TABLE, "", 'c "d"')),
        ("ALTER TABLE t RENAME COLUMN a TO b", AlterTable(AlterKind.RENAME_COLUMN, "a", "b")),
        ("ALTER TABLE t RENAME [a] /* to c */ TO `b`", AlterTable(AlterKind.RENAME_COLUMN, "a", "b")),
        ("ALTER TABLE t ADD COLUMN a INTEGER NOT NULL", AlterTable(AlterKind.ADD_COLUMN, "", "a")),
        ("ALTER TABLE t ADD a", AlterTable(AlterKind.ADD_COLUMN, "", "a")),
        ("ALTER TABLE t DROP COLUMN a", None),
        ("CREATE TABLE t (a)", None),
        ("ALTER TABLE", None),
    ],
)
def test_new_names_are_read(sql: str, change: AlterTable | None) -> None:
    assert parse_alter_table(sql) == change


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
