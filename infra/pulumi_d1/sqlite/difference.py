"""What differs between two schemas. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pulumi_d1.sqlite.statements import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.sqlite.schema import Column, Schema, SchemaObject


class Kind(StrEnum):
    """How something differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        kind: how it differs.
        type: `table`, `column`, `index`, `trigger` or `view`.
        name: of it; `table.column` for a column.
        detail: what it is, or `what it was -> what it is`; empty where the name says all.
    """

    kind: Kind
    type: str
    name: str
    detail: str = ""


def difference(before: Schema, after: Schema) -> tuple[Change, ...]:
    """The way from one schema to the other: tables with their columns first, then indexes, views and triggers."""
    return tuple(change for type_ in ("table", "index", "view", "trigger") for change in _of(type_, before, after))


def _of(type_: str, before: Schema, after: Schema) -> Iterator[Change]:
    olds = {key: item for key, item in before.objects.items() if item.type == type_}
    news = {key: item for key, item in after.objects.items() if item.type == type_}
    for key, old in olds.items():
        if key not in news:
            yield Change(Kind.REMOVED, type_, old.name, _what(old, before))
    for key, new in news.items():
        if key not in olds:
            yield Change(Kind.ADDED, type_, new.name, _what(new, after))
        elif olds[key].sql != new.sql and words(olds[key].sql) != words(new.sql):
            name = new.name.lower()
            yield from _changed(new, before.columns.get(name, ()), after.columns.get(name, ()))


def _changed(new: SchemaObject, before: tuple[Column, ...], after: tuple[Column, ...]) -> Iterator[Change]:
    """A changed table is told by its columns, as far as these tell the whole of it."""
    olds = {column.name.lower(): column for column in before}
    news = {column.name.lower(): column for column in after}
    changes = [
        *(Change(Kind.REMOVED, "column", f"{new.name}.{old.name}") for key, old in olds.items() if key not in news),
        *(
            Change(Kind.ADDED, "column", f"{new.name}.{item.name}", str(item))
            for key, item in news.items()
            if key not in olds
        ),
        *(
            Change(Kind.CHANGED, "column", f"{new.name}.{item.name}", f"{olds[key]} -> {item}")
            for key, item in news.items()
            if key in olds and str(olds[key]) != str(item)
        ),
    ]
    if changes:
        yield from changes
    elif new.type == "table":
        yield Change(Kind.CHANGED, "table", new.name, "a constraint or option of it")
    else:
        yield Change(Kind.CHANGED, new.type, new.name)


def _what(item: SchemaObject, schema: Schema) -> str:
    """The columns of a table, the table of an index or trigger."""
    if item.type in {"index", "trigger"}:
        return f"on {item.table}"
    return ", ".join(column.name for column in schema.columns.get(item.name.lower(), ()))
