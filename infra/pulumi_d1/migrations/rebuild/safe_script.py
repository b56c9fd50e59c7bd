"""Write a file that rebuilds tables and loses nothing on D1. A local SQLite without rows reads the schemas.

All tables that reference a rebuilt one, at any distance, are copied aside and dropped, children before parents. So no
foreign key can act. The tables are then created again, parents before children, with their rows, indexes and triggers.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.rebuild.script import Role, read_script
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.references import parents_first, references
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted, quoted_text, tokens
from pulumi_d1.sqlite.storage import storages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.migrations.rebuild.script import RebuildScript
    from pulumi_d1.sqlite.references import Reference
    from pulumi_d1.sqlite.schema import Schema, SchemaObject
    from pulumi_d1.sqlite.storage import Storage

_MOST_COLUMNS: Final = 100
"""Columns of a table and of a result on D1."""

_SEQUENCES: Final = "keep_sequences"
_MODIFIERS: Final = frozenset({"unique", "if", "not", "exists", "temp", "temporary"})


@dataclass(frozen=True, slots=True)
class SafeScript:
    """A file that loses nothing.

    Attributes:
        sql: Its text.
        triggers: The text of a second file that creates the triggers; empty if one file does everything.
        rebuilt: Names of the tables that get a new definition.
        aside: Names of the tables that are set aside and put back as they were.
        recreated: Types and names of the indexes and triggers that the dangerous file would have lost.
        left_out: Indexes that cannot be created on the new tables.
    """

    sql: str
    triggers: str
    rebuilt: tuple[str, ...]
    aside: tuple[str, ...]
    recreated: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]


def write_safe_script(sql: str, before: Schema) -> SafeScript:
    """Return a file that does what a dangerous one means to do.

    Args:
        sql: The dangerous file.
        before: The schema before it.

    Raises:
        ConfigError: The file rebuilds no table.
        SqlError: A definition is invalid.
    """
    spelling = {fold(name): name for name in before.tables}
    script = read_script(sql, _keep_names(before, sql), spelling)
    if not script.rebuilt:
        raise ConfigError("the file rebuilds no table: it drops none that it creates again")
    before = _schema_between(before, script)
    spelling = {fold(name): name for name in before.tables}
    keep = _keep_names(before, sql)
    old = references(before.objects.values())
    names = {name: spelling[name] for name in parents_first(_closure(script.rebuilt, before), old)}
    aside = tuple(name for name in names if name not in script.rebuilt)
    after = _schema_after(script, before)
    lost = _lost_objects(script, before, names, aside)
    left_out = tuple(item for item in lost if item.type == "index" and item.key not in after.objects)
    order, violates = _fill_order(names, after)
    looped = tuple(key for key in old if key.child in names and _is_looped(key, old))
    storage = {fold(item.table): item for item in storages(before.objects.values())}
    kept = tuple(item for item in lost if item not in left_out)
    writer = _Writer(script, before, names, aside, order, kept, looped, storage, keep)
    text, triggers = writer.write(defers=violates or any(key.child != key.parent for key in looped))
    return SafeScript(
        text,
        triggers,
        tuple(names[table] for table in script.rebuilt),
        tuple(names[table] for table in aside),
        tuple((item.type, item.name) for item in kept if fold(item.table) in script.rebuilt),
        tuple(item.name for item in left_out),
    )


def _schema_between(before: Schema, script: RebuildScript) -> Schema:
    """Return the schema just before the first rebuild."""
    statements = [part.sql for part in script.parts if part.role is Role.BEFORE]
    connection = schema.build(before.objects.values())
    for statement in statements:
        with trusted(connection), suppress(apsw.Error):  # it may need the rows that are not there
            connection.execute(statement, can_cache=False)
    return schema.read(connection)


def _keep_names(before: Schema, sql: str) -> dict[str, str]:
    """Return a name for the copy of each table that nothing else has."""
    taken = {name for _, name in before.objects} | set(tokens(sql)) | {_SEQUENCES}
    names: dict[str, str] = {}
    for name in before.tables:
        number, free = 1, f"keep_{name}"
        while fold(free) in taken:
            number, free = number + 1, f"keep_{name}_{number + 1}"
        names[fold(name)] = free
        taken.add(fold(free))
    return names


def _closure(rebuilt: Iterable[str], before: Schema) -> frozenset[str]:
    """Return the tables with all that reference them, at any distance."""
    keys = schema.foreign_keys(schema.build(before.objects.values()), {})
    found, new = set[str](), set(rebuilt)
    while new:
        found |= new
        new = {fold(key.child) for key in keys if fold(key.parent) in new} - found
    return frozenset(found)


def _is_looped(key: Reference, keys: Sequence[Reference]) -> bool:
    """Return whether a foreign key leads back to its own table."""
    reached, new = set[str](), {key.parent}
    while new:
        reached |= new
        new = {other.parent for other in keys if other.child in new} - reached
    return key.child in reached


def _schema_after(script: RebuildScript, before: Schema) -> Schema:
    """Return the schema after the rebuilds, with each old index that still can be created."""
    kept = [o for (kind, name), o in before.objects.items() if kind == "table" and name not in script.rebuilt]
    made = [part.sql for part in script.parts if part.role in {Role.CREATE, Role.INDEX}]
    indexes = [o.sql for (kind, _), o in before.objects.items() if kind == "index"]
    return schema.read(schema.build_from_statements([*(item.sql for item in kept), *made, *indexes]))


def _fill_order(names: Iterable[str], after: Schema) -> tuple[tuple[str, ...], bool]:
    """Return the tables in the order in which their rows come back, and whether a key is violated meanwhile."""
    keys = references(after.objects.values())
    order = parents_first(names, keys)
    place = {name: number for number, name in enumerate(order)}
    return order, any(place.get(key.child, len(place)) < place.get(key.parent, -1) for key in keys)


def _lost_objects(
    script: RebuildScript, before: Schema, names: Iterable[str], aside: Sequence[str]
) -> tuple[SchemaObject, ...]:
    """Return the indexes and triggers that go with the tables, without those that the file means to drop or makes."""
    dropped = set(names)
    made = {_created(part.sql) for part in script.parts if part.role is not Role.BEFORE}
    return tuple(
        item
        for key, item in before.objects.items()
        if item.type in {"index", "trigger"}
        and fold(item.table) in dropped
        and key not in made
        and (fold(item.table) in aside or key not in script.dropped_objects)
    )


def _created(sql: str) -> tuple[str, str]:
    """Return the type and folded name of what a CREATE statement creates; empty texts for other statements."""
    match [word for word in tokens(sql)[:8] if word not in _MODIFIERS]:
        case ["create", kind, _, ".", name, *_] | ["create", kind, name, *_]:
            return kind, name
        case _:
            return "", ""


@dataclass(frozen=True, slots=True)
class _Writer:
    """The writer of one file.

    Attributes:
        names: The tables that are dropped, as written, by folded name; parents before children if there is no loop.
        aside: Those that come back as they were.
        order: The tables in the order in which their rows come back.
        lost: Indexes and triggers to create again.
        looped: Foreign keys that lead back to their own table.
        storage: How the tables store their rows, by folded name.
        keep: Names of the copies, by folded name of the table.
    """

    script: RebuildScript
    before: Schema
    names: Mapping[str, str]
    aside: Sequence[str]
    order: Sequence[str]
    lost: Sequence[SchemaObject]
    looped: Sequence[Reference]
    storage: Mapping[str, Storage]
    keep: Mapping[str, str]

    def write(self, *, defers: bool) -> tuple[str, str]:
        """Return the file, and a second one with the triggers if they cannot be in the first.

        Args:
            defers: True if foreign keys are violated for a while. A file with that PRAGMA cannot have a trigger.
        """
        after = list(self._statements(Role.AFTER))
        triggers = [sql for sql in after if _created(sql)[0] == "trigger"] if defers else []
        triggers += [item.statement for item in self.lost if item.type == "trigger"]
        sections = {
            "Check foreign keys at the end.": ["PRAGMA defer_foreign_keys = on;"] if defers else [],
            "Do what comes before the rebuild.": self._statements(Role.BEFORE),
            "Set the rows aside: while a table has none, no foreign key acts.": self._set_aside(),
            "Drop the tables, children first.": self._drop(),
            "Create them again, with their rows, parents first.": self._create(),
            "Continue the ids, and drop the copies.": self._finish(),
            "Do what comes after the rebuild.": [sql for sql in after if not defers or sql not in triggers],
            "Create the triggers again.": [] if defers else triggers,
        }
        title = ", ".join(self.names[name] for name in self.script.rebuilt)
        lines = [*self.script.head, f"-- Rebuilds {_for_comment(title)} without losing rows. Written by d1 rebuild."]
        for heading, statements in sections.items():
            if written := list(statements):
                lines += ["", f"-- {heading}", *written]
        second = "\n".join(["-- The triggers of the tables that the file before rebuilds.", *triggers, ""])
        return "\n".join([*lines, ""]), second if defers and triggers else ""

    def _statements(self, role: Role, table: str = "") -> Iterator[str]:
        for part in self.script.parts:
            if part.role is role and (not table or part.table == table):
                yield f"{part.sql.removesuffix(';')};"

    def _set_aside(self) -> Iterator[str]:
        for table, name in self.names.items():
            listed = ", ".join(quoted(column.name) for column in self.before.columns[table])
            if table in self.aside and (rowid := self._rowid(table)):
                listed = f"{rowid} AS {quoted(rowid)}, {listed}"
            yield f"CREATE TABLE {quoted(self.keep[table])} AS SELECT {listed} FROM {quoted(name)};"
        if self._sequences:
            names = ", ".join(map(quoted_text, self._sequences))
            yield f"CREATE TABLE {_SEQUENCES} AS SELECT name, seq FROM sqlite_sequence WHERE name IN ({names});"
        yield from self._cut_loops()

    def _cut_loops(self) -> Iterator[str]:
        """Yield statements after which no row references another one of a loop. The copies still have the values."""
        cut = [key for key in self.looped if key.optional or key.child == key.parent]
        children = {key.child for key in cut}
        for item in self.before.objects.values():
            if item.type == "trigger" and fold(item.table) in children:
                yield f"DROP TRIGGER {quoted(item.name)};"
        for key in cut:
            pairs = zip(key.columns, key.parent_columns, strict=True)
            itself = ", ".join(f"{quoted(column)} = {quoted(parent)}" for column, parent in pairs)
            change = f"{quoted(key.optional)} = NULL" if key.optional else itself
            yield f"UPDATE {quoted(self.names[key.child])} SET {change};"

    def _drop(self) -> Iterator[str]:
        yield from (f"DROP TABLE {quoted(name)};" for name in reversed(list(self.names.values())))

    def _create(self) -> Iterator[str]:
        yield from self._statements(Role.SOURCE)
        for table in self.order:
            if table in self.aside:
                yield self.before.objects["table", table].statement
            else:
                yield from self._statements(Role.CREATE, table)
        indexes = {table: list(self._indexes(table)) for table in self.order}
        # A unique index may be what makes a foreign key possible, so it comes before the rows.
        yield from (index for table in self.order for index in indexes[table] if _is_unique(index))
        for table in self.order:
            if table in self.aside:
                yield self._put_back(table)
            else:
                yield from self._statements(Role.COPY, table)
            yield from (index for index in indexes[table] if not _is_unique(index))

    def _indexes(self, table: str) -> Iterator[str]:
        yield from self._statements(Role.INDEX, table)
        yield from (item.statement for item in self.lost if item.type == "index" and fold(item.table) == table)

    def _put_back(self, table: str) -> str:
        listed = ", ".join(quoted(column) for column in self.storage[table].columns)
        if rowid := self._rowid(table):
            listed = f"{rowid}, {listed}"
        return f"INSERT INTO {quoted(self.names[table])} ({listed}) SELECT {listed} FROM {quoted(self.keep[table])};"

    def _rowid(self, table: str) -> str:
        """Return the name of the rowid if it is no column and the copy has room for it."""
        return self.storage[table].rowid if len(self.before.columns[table]) < _MOST_COLUMNS else ""

    def _finish(self) -> Iterator[str]:
        if self._sequences:
            yield (
                f"UPDATE sqlite_sequence SET seq = max(seq, (SELECT k.seq FROM {_SEQUENCES} k WHERE k.name = "
                f"sqlite_sequence.name)) WHERE name IN (SELECT name FROM {_SEQUENCES});"
            )
            yield (
                f"INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM {_SEQUENCES} "
                "WHERE name NOT IN (SELECT name FROM sqlite_sequence);"
            )
            yield f"DROP TABLE {_SEQUENCES};"
        yield from (f"DROP TABLE {quoted(self.keep[table])};" for table in self.names)

    @property
    def _sequences(self) -> list[str]:
        """The tables that have AUTOINCREMENT before and afterwards."""
        made = {part.table: tokens(part.sql) for part in self.script.parts if part.role is Role.CREATE}
        return [
            name
            for table, name in self.names.items()
            if self.storage[table].autoincrement and (table not in made or "autoincrement" in made[table])
        ]


def _is_unique(index: str) -> bool:
    return tokens(index)[1] == "unique"


def _for_comment(names: str) -> str:
    """Return names for a comment that D1 does not split: without quotes, semicolons and line ends."""
    return " ".join("".join(letter for letter in names if letter not in "'\"`;").split())
