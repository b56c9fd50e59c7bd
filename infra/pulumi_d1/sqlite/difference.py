"""Compare two schemas. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.sqlite.schema import Column, Schema, SchemaObject


_EXPRESSIONS: Final = frozenset({"as", "check"})
_CONSTRAINTS: Final = frozenset({"constraint", "primary", "unique", "foreign"})


class ChangeKind(StrEnum):
    """The kind of a difference."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference between two schemas.

    Attributes:
        type: `table`, `column`, `index`, `trigger` or `view`.
        name: The object's name; `table.column` for a column.
        detail: The definition, or `old -> new`; empty if the name is enough.
    """

    kind: ChangeKind
    type: str
    name: str
    detail: str = ""


def difference(before: Schema, after: Schema) -> tuple[SchemaChange, ...]:
    """Return the changes from one schema to another: tables with their columns, then indexes, views and triggers."""
    return tuple(change for type_ in ("table", "index", "view", "trigger") for change in _of(type_, before, after))


def same_definition(old: str, new: str) -> bool:
    """Return whether two CREATE statements make the same object, however they are written.

    Ignored are IF NOT EXISTS, the schema's name, FOR EACH ROW (SQLite has no other triggers), parentheses around a
    default, and the order of the words of a column without an expression: `DEFAULT (0) NOT NULL`, `NOT NULL DEFAULT 0`.
    """
    return old == new or _definition(old) == _definition(new)


def _definition(sql: str) -> list[tuple[str, ...]]:
    """Return the words of an object: those of a table by column and constraint, otherwise all of them."""
    words = list(tokens(sql))
    for ignored in (["if", "not", "exists"], ["for", "each", "row"], ["main", "."]):
        at = next((place for place in range(len(words)) if words[place : place + len(ignored)] == ignored), None)
        if at is not None:
            del words[at : at + len(ignored)]
    parts: list[list[str]] = [[]]
    depth = 0
    for word in words if words[:2] == ["create", "table"] else ():
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 1:
            parts.append([])
        else:
            parts[-1].append(word)
    return [_in_order(part) for part in parts if part] if any(parts) else [tuple(words)]


def _in_order(part: list[str]) -> tuple[str, ...]:
    """Return the words of a column or constraint in an order that does not depend on how it is written."""
    if part[0] in _CONSTRAINTS or _EXPRESSIONS.intersection(part):
        return tuple(part)
    return tuple(sorted(word for word in part if word not in {"(", ")"}))


def _of(type_: str, before: Schema, after: Schema) -> Iterator[SchemaChange]:
    olds = {key: item for key, item in before.objects.items() if item.type == type_}
    news = {key: item for key, item in after.objects.items() if item.type == type_}
    for key, old in olds.items():
        if key not in news:
            yield SchemaChange(ChangeKind.REMOVED, type_, old.name, _describe(old, before))
    for key, new in news.items():
        if key not in olds:
            yield SchemaChange(ChangeKind.ADDED, type_, new.name, _describe(new, after))
        elif not same_definition(olds[key].sql, new.sql):
            name = fold(new.name)
            yield from _changed(new, before.columns.get(name, ()), after.columns.get(name, ()))


def _changed(new: SchemaObject, before: tuple[Column, ...], after: tuple[Column, ...]) -> Iterator[SchemaChange]:
    """Yield the changed columns of a table, or the change of the object itself if its columns are equal."""
    olds = {fold(column.name): column for column in before}
    news = {fold(column.name): column for column in after}
    changes = [
        *(
            SchemaChange(ChangeKind.REMOVED, "column", f"{new.name}.{old.name}")
            for key, old in olds.items()
            if key not in news
        ),
        *(
            SchemaChange(ChangeKind.ADDED, "column", f"{new.name}.{item.name}", str(item))
            for key, item in news.items()
            if key not in olds
        ),
        *(
            SchemaChange(ChangeKind.CHANGED, "column", f"{new.name}.{item.name}", f"{olds[key]} -> {item}")
            for key, item in news.items()
            if key in olds and str(olds[key]) != str(item)
        ),
    ]
    if changes:
        yield from changes
    elif new.type == "table":
        yield SchemaChange(ChangeKind.CHANGED, "table", new.name, "a constraint or option")
    else:
        yield SchemaChange(ChangeKind.CHANGED, new.type, new.name)


def _describe(item: SchemaObject, schema: Schema) -> str:
    """Return the columns of a table, or the table of an index or trigger."""
    if item.type in {"index", "trigger"}:
        return f"on {item.table}"
    return ", ".join(column.name for column in schema.columns.get(fold(item.name), ()))
