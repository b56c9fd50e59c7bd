"""The new names in an ALTER TABLE."""

from __future__ import annotations

import pytest

from pulumi_d1.sqlite.alter_table import AlterKind, AlterTable, parse_alter_table


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
