"""1xx: the triggers and indexes that a rebuild loses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Rule, hit_at
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.schema import SchemaObject
from pulumi_d1.sqlite.statements import first_word, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.migrations.review.lint.finding import Hit

NOT_REBUILT: Final = Rule(
    "D114",
    "a rebuild loses a trigger or an index",
    "DROP also removes the triggers and indexes of a table or view. One that is created again under the same name has "
    "only those that the file creates again. There is no error: a search table is no longer updated, or duplicates "
    "are no longer refused. A lost index that is not UNIQUE is only a note. What the pending files create themselves "
    "is only a warning: on other databases they may have run long ago.",
    "Run its CREATE again at the end of the file. Or let d1 rebuild write the file: it keeps triggers and indexes. If "
    "it must go, DROP it by name before the table.",
)
RULES: Final = (NOT_REBUILT,)

_INSTEAD: Final = (
    "Run its CREATE again at the end of the file, or run 'd1 rebuild {name} --stack STACK', which writes such a file. "
    "If it must go, DROP it by name before the table."
)
_CREATES: Final = {"CREATE_TRIGGER": "trigger", "CREATE_INDEX": "index"}
_DROPS_BY_NAME: Final = {"DROP_TRIGGER": "trigger", "DROP_INDEX": "index"}
_DROPS: Final = {"DROP_TABLE": "table", "DROP_VTABLE": "table", "DROP_VIEW": "view"}


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings of this family. A lost index that is not UNIQUE costs only time: see `lost`."""
    for item, place in lost(rehearsal):
        if item.type == "trigger" or item.is_unique_index:
            message = f"{item.table} is created again without its {item.type} {item.name}"
            advice = _INSTEAD.format(name=place[0].migration.name)
            was_there = item.key in rehearsal.before.objects
            yield hit_at(*place, NOT_REBUILT, Severity.ERROR if was_there else Severity.WARNING, message, advice=advice)


def lost(rehearsal: Rehearsal) -> Iterator[tuple[SchemaObject, tuple[RehearsedFile, int]]]:
    """Yield each trigger and index that the files lose, and the file and step that drops its table or view.

    Those that a file drops by name do not count, nor those of a table that becomes virtual, which can have none, nor
    the triggers of a table for which that file or a later one creates other ones.
    """
    history = _History(rehearsal)
    objects: dict[str, list[SchemaObject]] = {}
    for item in rehearsal.after.objects.values():
        objects.setdefault(fold(item.table), []).append(item)
    indexes: dict[str, list[tuple[SchemaObject, _Drop]]] = {}
    for drop in history.drops.values():
        names = (name for name in reversed(drop.owned.tables) if (drop.type, name) in rehearsal.after.objects)
        others = objects.get(next(names, ""), [])
        if not others or any(other.key == drop.owned.item.key for other in others):
            continue
        [table] = (other for other in others if other.type == drop.type)
        if table.is_virtual:
            continue
        item = replace(drop.owned.item, table=table.name)
        if item.type == "index":
            indexes.setdefault(fold(table.name), []).append((item, drop))
        elif not any(other.type == "trigger" and history.first[other.key] >= drop.file for other in others):
            yield item, drop.place
    for name, dropped in indexes.items():
        table_and_indexes = [other for other in objects[name] if other.type != "trigger"]
        lacking = {item.key for item in schema.lacking_indexes(table_and_indexes, (item for item, _ in dropped))}
        yield from ((item, drop.place) for item, drop in dropped if item.key in lacking)


@dataclass(frozen=True, slots=True)
class _Owned:
    """A trigger or an index.

    Attributes:
        tables: The folded names that its table or view has had, in order.
    """

    item: SchemaObject
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Drop:
    """The end of a trigger or index whose table or view is dropped.

    Attributes:
        type: `table` or `view`.
        file: 0-based number of the file.
        place: The file, and the index of the step.
    """

    owned: _Owned
    type: str
    file: int
    place: tuple[RehearsedFile, int]


class _History:
    """The triggers and indexes that there were before the files and after each statement.

    Attributes:
        drops: Those that were dropped with their table or view, and not by name, by key.
        first: 0-based number of the file that created each one first, by key; -1 if it was there before the files.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.drops: dict[tuple[str, str], _Drop] = {}
        self.first: dict[tuple[str, str], int] = {}
        self._owned: dict[str, dict[tuple[str, str], _Owned]] = {}
        for item in rehearsal.before.objects.values():
            if item.type in _CREATES.values():
                self._create(item, -1)
        for number, file in enumerate(rehearsal.ran):
            for index, step in enumerate(file.steps):
                if step.changed_schema and step.actions:
                    self._follow(number, file, index)
                elif first_word(step.statement.text) == "drop":
                    _, type_, *_, name = tokens(step.statement.text)
                    self.drops.pop((type_, name), None)  # IF EXISTS: its table was dropped before

    def _create(self, item: SchemaObject, file: int) -> None:
        table = fold(item.table)
        self.first.setdefault(item.key, file)
        self._owned.setdefault(table, {})[item.key] = _Owned(item, (table,))

    def _follow(self, number: int, file: RehearsedFile, index: int) -> None:
        step = file.steps[index]
        action, sql = step.actions[0], step.statement.text
        name = fold(action.name)
        if action.verb in _CREATES:
            self._create(SchemaObject(_CREATES[action.verb], action.name, action.other, sql), number)
        elif action.verb in _DROPS_BY_NAME:
            key = (_DROPS_BY_NAME[action.verb], name)
            self._owned.get(fold(action.other), {}).pop(key, None)
            self.drops.pop(key, None)
        elif action.verb in _DROPS:
            for key, owned in self._owned.pop(name, {}).items():
                self.drops[key] = _Drop(owned, _DROPS[action.verb], number, (file, index))
        elif (change := parse_alter_table(sql)) and change.kind is AlterKind.RENAME_TABLE:
            for key, owned in self._owned.pop(name, {}).items():
                renamed = replace(owned, tables=(*owned.tables, change.new))
                self._owned.setdefault(change.new, {})[key] = renamed
