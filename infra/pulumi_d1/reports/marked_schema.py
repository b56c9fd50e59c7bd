"""The schema before and after the pending files as one, with the changes marked. Pure, but for a database in memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.difference import ChangeKind
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.schema import foreign_keys_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pulumi_d1.sqlite.difference import SchemaChange
    from pulumi_d1.sqlite.schema import Column, ForeignKey, Schema, SchemaObject

SIGNS: Final = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "\N{MINUS SIGN}", ChangeKind.CHANGED: "~"}
"""The sign of a change, for readers who see no colours."""


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A column, index or trigger of a table.

    Attributes:
        type: `column`, `index` or `trigger`.
        definition: The type of a column with its constraints; empty for an index or trigger.
        mark: The kind of its change; None if it is unchanged.
    """

    type: str
    name: str
    definition: str
    mark: ChangeKind | None


@dataclass(frozen=True, slots=True)
class MarkedTable:
    """A table or view.

    Attributes:
        type: `table` or `view`.
        mark: The kind of its own change; None if at most its parts have changed.
    """

    type: str
    name: str
    mark: ChangeKind | None
    parts: tuple[MarkedPart, ...]

    @property
    def key(self) -> str:
        """The folded name."""
        return fold(self.name)

    @property
    def has_changes(self) -> bool:
        """True if it or one of its parts has changed."""
        return self.mark is not None or any(part.mark for part in self.parts)


@dataclass(frozen=True, slots=True)
class MarkedReference:
    """A foreign key.

    Attributes:
        child: Folded name of the table that has it.
        parent: Folded name of the table that it references.
        column: Its first column, as written.
        mark: The kind of its change; None if it is unchanged.
    """

    child: str
    parent: str
    column: str
    mark: ChangeKind | None


@dataclass(frozen=True, slots=True)
class MarkedSchema:
    """A schema with its changes.

    Attributes:
        tables: The tables and views of both schemas.
        references: The foreign keys between these tables.
    """

    tables: tuple[MarkedTable, ...]
    references: tuple[MarkedReference, ...]

    def changed_part(self, most: int) -> MarkedSchema:
        """Return the changed tables, then the tables that they reference, in all at most so many."""
        changed = [table for table in self.tables if table.has_changes]
        keys = {table.key for table in changed}
        near = {item.parent for item in self.references if item.child in keys} - keys
        return self._only([*changed, *(table for table in self.tables if table.key in near)][:most])

    def first(self, most: int) -> MarkedSchema:
        """Return at most so many tables, changed ones first."""
        ordered = sorted(self.tables, key=lambda table: not table.has_changes)
        return self if len(ordered) <= most else self._only(ordered[:most])

    def _only(self, tables: Iterable[MarkedTable]) -> MarkedSchema:
        kept = tuple(tables)
        keys = {table.key for table in kept}
        return MarkedSchema(kept, tuple(item for item in self.references if {item.child, item.parent} <= keys))


def mark_changes(before: Schema, after: Schema, changes: Iterable[SchemaChange]) -> MarkedSchema:
    """Return both schemas as one.

    Args:
        changes: The result of `difference` for them.
    """
    marks = {(change.type, change.name): change.kind for change in changes}
    objects = {**after.objects, **{key: item for key, item in before.objects.items() if key not in after.objects}}
    others: defaultdict[str, list[MarkedPart]] = defaultdict(list)
    for item in objects.values():
        if item.type in {"index", "trigger"}:
            others[fold(item.table)].append(MarkedPart(item.type, item.name, "", marks.get((item.type, item.name))))
    tables = tuple(
        MarkedTable(
            item.type,
            item.name,
            marks.get((item.type, item.name)),
            (*_columns(item, before, after, marks), *others[fold(item.name)]),
        )
        for item in objects.values()
        if item.type in {"table", "view"}
    )
    keys = {table.key for table in tables}
    references = tuple(item for item in _references(before, after) if {item.child, item.parent} <= keys)
    return MarkedSchema(tables, references)


def _columns(
    table: SchemaObject, before: Schema, after: Schema, marks: Mapping[tuple[str, str], ChangeKind]
) -> Iterator[MarkedPart]:
    """Yield the columns of a table, removed ones after those that remain."""
    olds, news = (schema.columns.get(fold(table.name), ()) for schema in (before, after))
    kept = {fold(column.name) for column in news}
    definitions = {fold(column.name): str(column) for column in olds}
    for column in (*news, *(column for column in olds if fold(column.name) not in kept)):
        mark = marks.get(("column", f"{table.name}.{column.name}"))
        yield MarkedPart("column", column.name, _definition(column, mark, definitions), mark)


def _definition(column: Column, mark: ChangeKind | None, before: Mapping[str, str]) -> str:
    """Return a column's definition, with the one before it if that has changed."""
    definition = str(column)
    return f"{before[fold(column.name)]} -> {definition}" if mark is ChangeKind.CHANGED else definition


def _references(before: Schema, after: Schema) -> Iterator[MarkedReference]:
    olds, news = map(_by_columns, (foreign_keys_of(before), foreign_keys_of(after)))
    for place, key in {**news, **olds}.items():
        mark = None if place in olds and place in news else ChangeKind.ADDED if place in news else ChangeKind.REMOVED
        yield MarkedReference(fold(key.child), fold(key.parent), key.columns[0], mark)


def _by_columns(keys: Iterable[ForeignKey]) -> dict[tuple[str, ...], ForeignKey]:
    return {(fold(key.child), fold(key.parent), *map(fold, key.columns)): key for key in keys}
