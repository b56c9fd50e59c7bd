"""Read ALTER TABLE from its text, because SQLite's authorizer does not report the new names. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pulumi_d1.sqlite.statements import tokens


class AlterKind(StrEnum):
    """An ALTER TABLE that introduces a name."""

    RENAME_TABLE = "rename table"
    RENAME_COLUMN = "rename column"
    ADD_COLUMN = "add column"


@dataclass(frozen=True, slots=True)
class AlterTable:
    """The names in an ALTER TABLE, in lower case.

    Attributes:
        old: The renamed column; empty for a renamed table and an added column.
        new: The new name of the table or column.
    """

    kind: AlterKind
    old: str
    new: str


def parse_alter_table(sql: str) -> AlterTable | None:
    """Read an ALTER TABLE that adds or renames. Return None for DROP COLUMN and for other statements."""
    match tokens(sql):
        case ("alter", "table", _, ".", _, *rest) | ("alter", "table", _, *rest):
            pass
        case _:
            return None
    names = [word[1:-1] if word.startswith("'") else word for word in rest]  # SQLite takes 'a' for a name here
    match names:
        case ("rename", "column", old, "to", new, *_) | ("rename", old, "to", new, *_) if new != ";":  # old may be "to"
            return AlterTable(AlterKind.RENAME_COLUMN, old, new)
        case ("rename", "to", new, *_):
            return AlterTable(AlterKind.RENAME_TABLE, "", new)
        case ("add", "column", new, *_) | ("add", new, *_):
            return AlterTable(AlterKind.ADD_COLUMN, "", new)
        case _:
            return None
