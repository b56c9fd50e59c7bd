"""What an ALTER TABLE changes. From its text: of all this, SQLite tells the authorizer nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pulumi_d1.sqlite.statements import words


class Part(StrEnum):
    """What gets a new name."""

    TABLE = "table"
    COLUMN = "column"
    ADDED_COLUMN = "added column"


@dataclass(frozen=True, slots=True)
class Altered:
    """One new name.

    Attributes:
        part: what it is the name of.
        old: in lower case; empty for a table, and for what is added.
        new: in lower case.
    """

    part: Part
    old: str
    new: str


def altered(sql: str) -> Altered | None:
    """Read an ALTER TABLE that adds or renames; None for one that drops, and for other statements."""
    match words(sql):
        case ("alter", "table", _, ".", _, *rest) | ("alter", "table", _, *rest):
            pass
        case _:
            return None
    match rest:
        case ("rename", "to", new, *_):
            return Altered(Part.TABLE, "", new)
        case ("rename", "column", old, "to", new, *_) | ("rename", old, "to", new, *_):
            return Altered(Part.COLUMN, old, new)
        case ("add", "column", new, *_) | ("add", new, *_):
            return Altered(Part.ADDED_COLUMN, "", new)
        case _:
            return None
