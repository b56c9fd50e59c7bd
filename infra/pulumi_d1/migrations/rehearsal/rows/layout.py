"""The tables to fill with generated rows: their columns, and what their foreign keys refer to."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import tokens
from pulumi_d1.sqlite.storage import virtual_storage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import apsw

    from pulumi_d1.sqlite.schema import Column, Schema

_FOREIGN_KEYS: Final = """
    SELECT n.value, f.id, f."table", f."from", f."to" FROM json_each(?) n, pragma_foreign_key_list(n.value) f
    ORDER BY n.value, f.id, f.seq
"""


@dataclass(frozen=True, slots=True)
class ParentKey:
    """A foreign key, by folded names.

    Attributes:
        parent: The table that it refers to; empty if that table has no such key.
        targets: The column of `parent` that each of its columns refers to.
    """

    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Columns whose values depend on each other: a single column, or those of foreign keys that share columns.

    Attributes:
        columns: Folded names.
        parent_keys: The foreign keys, those with most columns first; empty for a single column.
        shift: Number of earlier groups that refer to the same table, or to others, so that each refers to another row.
    """

    columns: tuple[str, ...]
    parent_keys: tuple[ParentKey, ...] = ()
    shift: int = 0


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A table to fill.

    Attributes:
        sql: Its CREATE TABLE, followed by the CREATE INDEX of each index.
        columns: The columns that store values, by folded name.
        groups: These columns. Those of foreign keys come last.
    """

    name: str
    sql: tuple[str, ...]
    columns: Mapping[str, Column]
    groups: tuple[ColumnGroup, ...]

    @property
    def parent_keys(self) -> Iterator[ParentKey]:
        """The foreign keys."""
        return chain.from_iterable(group.parent_keys for group in self.groups)

    def is_nullable(self, column: str) -> bool:
        """Return whether a column may be NULL. A primary key should not, although SQLite often accepts it."""
        return not (self.columns[column].not_null or self.columns[column].primary_key)


def read_layouts(connection: apsw.Connection, now: Schema, names: Collection[str]) -> tuple[TableLayout, ...]:
    """Return the layouts of tables, each after those that it refers to, unless they refer to each other.

    Args:
        now: The schema of the database.
        names: Names of tables, as the schema has them.
    """
    sql = {fold(name): [now.objects["table", fold(name)].sql] for name in names}
    for item in now.objects.values():
        if item.type == "index" and fold(item.table) in sql:
            sql[fold(item.table)].append(item.sql)
    parent_keys = _read_parent_keys(connection, now, names)
    return _parents_first(
        {fold(name): _layout(now, name, sql[fold(name)], parent_keys.get(fold(name), ())) for name in names}
    )


def _read_parent_keys(
    connection: apsw.Connection, now: Schema, names: Iterable[str]
) -> Mapping[str, tuple[ParentKey, ...]]:
    """Return the foreign keys of tables, by folded name of the table."""
    parent_keys: dict[str, tuple[ParentKey, ...]] = {}
    rows = connection.execute(_FOREIGN_KEYS, (json.dumps(sorted(names)),), can_cache=False).fetchall()
    for (child, _, parent), pairs in groupby(rows, key=lambda row: row[:3]):
        columns, targets = zip(*(pair[3:] for pair in pairs), strict=True)
        if targets[0] is None:
            primary = sorted((column.primary_key, column.name) for column in now.columns.get(fold(parent), ()))
            targets = tuple(name for place, name in primary if place)
        known = fold(parent) if len(targets) == len(columns) else ""
        key = ParentKey(tuple(map(fold, columns)), known, tuple(map(fold, targets)))
        parent_keys[fold(child)] = (*parent_keys.get(fold(child), ()), key)
    return parent_keys


def _layout(now: Schema, table: str, sql: Sequence[str], parent_keys: Iterable[ParentKey]) -> TableLayout:
    columns = {fold(column.name): column for column in now.columns[fold(table)] if not column.generated}
    if now.objects["table", fold(table)].is_virtual and virtual_storage(sql[0])[0] != "fts5":
        columns = {
            name: replace(column, not_null=True) for name, column in columns.items()
        }  # an R*Tree stores NULL as 0
    for name in columns.keys() & set(_json_columns(sql)):
        columns[name] = replace(columns[name], type="JSON")
    shared: list[list[ParentKey]] = []
    for key in parent_keys:
        if columns.keys() >= set(key.columns):
            joined = [group for group in shared if any(set(key.columns) & set(other.columns) for other in group)]
            shared = [*(group for group in shared if group not in joined), [*chain.from_iterable(joined), key]]
    groups: list[ColumnGroup] = []
    own: list[bool] = []
    for members in shared:
        own.append(fold(table) in {key.parent for key in members})
        members.sort(key=lambda key: -len(key.columns))
        names = dict.fromkeys(chain.from_iterable(key.columns for key in members))
        groups.append(ColumnGroup(tuple(names), tuple(members), own[:-1].count(own[-1])))
    taken = set(chain.from_iterable(group.columns for group in groups))
    single = (ColumnGroup((column,)) for column in columns if column not in taken)
    return TableLayout(table, tuple(sql), columns, (*single, *groups))


def _json_columns(statements: Iterable[str]) -> Iterator[str]:
    """Yield folded names that are arguments of JSON functions and operators: only JSON can be stored there."""
    for words in (tokens(sql) for sql in statements if "json" in fold(sql) or "->" in sql):
        for before, bracket, word, *after in zip(words, words[1:], words[2:], words[3:], words[4:], strict=False):
            if after == ["-", ">"] or (bracket == "(" and before.startswith("json")):
                yield word


def _parents_first(tables: Mapping[str, TableLayout]) -> tuple[TableLayout, ...]:
    ordered: dict[str, TableLayout] = {}
    opened: set[str] = set()
    stack = [*reversed(list(tables))]
    while stack:
        name = stack.pop()
        if name in opened:
            ordered.setdefault(name, tables[name])
        else:
            opened.add(name)
            parents = (key.parent for key in tables[name].parent_keys)
            stack += [name, *(parent for parent in parents if parent in tables and parent not in opened)]
    return tuple(ordered.values())
