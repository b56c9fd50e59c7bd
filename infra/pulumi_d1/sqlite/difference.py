"""Compare two schemas. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_d1.sqlite.schema import Column, Schema, SchemaObject


_CONSTRAINTS: Final = frozenset({"constraint", "primary", "unique", "foreign", "check"})
_CLAUSES: Final = frozenset(
    {"constraint", "primary", "not", "null", "unique", "default", "collate", "references"}
).union({"check", "generated", "as"})
_ACTIONS: Final = frozenset({"on", "match", "deferrable", "not", "initially"})
_PAIRS: Final = frozenset({("not", "null"), ("default", "null"), ("set", "null"), ("set", "default"), ("always", "as")})
"""Pairs of words whose second one begins no clause."""


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
    default, the order of a column's clauses, and what is so without words: DEFAULT NULL, ON DELETE NO ACTION, ASC.
    """
    return old == new or _definition(old) == _definition(new)


def _definition(sql: str) -> list[tuple[Any, ...]]:
    """Return the words of an object: those of a table by column and constraint, otherwise all of them."""
    words = list(tokens(sql))
    for ignored in (["if", "not", "exists"], ["for", "each", "row"], ["main", "."]):
        at = next((place for place in range(len(words)) if words[place : place + len(ignored)] == ignored), None)
        if at is not None:
            del words[at : at + len(ignored)]
    if words[:2] != ["create", "table"] or "(" not in words:
        is_index = "index" in words[1:3]
        return [tuple(word for word in words if not (is_index and word == "asc"))]
    start, end, depth = words.index("(") + 1, len(words), 1
    parts: list[list[str]] = [[]]
    for place, word in enumerate(words[start:], start):
        depth += (word == "(") - (word == ")")
        if not depth:
            end = place
            break
        if word == "," and depth == 1:
            parts.append([])
        else:
            parts[-1].append(word)
    return [tuple(words[:start]), *(_normalize(part) for part in parts if part), tuple(words[end:])]


def _normalize(part: list[str]) -> tuple[Any, ...]:
    """Return the words of a column or constraint in a form that does not depend on how it is written."""
    if part[0] in _CONSTRAINTS:
        at = part.index("references") if "references" in part else len(part)
        return (*part[:at], _reference(part[at:]))
    first, *clauses = _split(part, _CLAUSES)
    return (*first, *sorted(tuple(_clause(clause)) for clause in clauses if clause != ["default", "null"]))


def _clause(clause: list[str]) -> Iterable[str]:
    if clause[0] == "default":
        return [word for word in clause if word not in {"(", ")"}]
    return _reference(clause) if clause[0] == "references" else clause


def _reference(words: list[str]) -> tuple[str, ...]:
    """Return a REFERENCES clause with its actions in order, and without those that do nothing."""
    first, *actions = _split(words, _ACTIONS) if words else [[]]
    kept = sorted(action for action in actions if action[2:] != ["no", "action"])
    return (*first, *(word for action in kept for word in action))


def _split(words: list[str], starts: frozenset[str]) -> list[list[str]]:
    """Return the words in groups that begin with the first word, and with each of `starts` outside of parentheses."""
    groups: list[list[str]] = [[]]
    depth = 0
    for place, word in enumerate(words):
        pair = (words[place - 1] if place else "", word)
        continues = pair in _PAIRS or (word, *words[place + 1 : place + 2]) == ("not", "deferrable")
        if place and not depth and word in starts and not continues:
            groups.append([])
        depth += (word == "(") - (word == ")")
        groups[-1].append(word)
    return groups


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
