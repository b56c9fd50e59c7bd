"""Where the values that a database holds now go while the pending migrations run: renames, copies, losses. Pure.

Names are in lower case here. What is followed are tables and columns, not rows: a copy with a WHERE counts as a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pulumi_d1.sqlite.altered import Part, altered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import ForeignKey

Source: TypeAlias = tuple[str, str]
"""A table and a column, as they are named before anything runs."""

DROPS = frozenset({"DROP_TABLE", "DROP_VTABLE"})
_CREATES = frozenset({"CREATE_TABLE", "CREATE_VTABLE"})
_TOUCHES = frozenset({"DELETE", "UPDATE"})
_FILLS = frozenset({"CREATE_TABLE", "INSERT", "UPDATE"})


@dataclass(slots=True)
class Table:
    """A table in the middle of the migrations.

    Attributes:
        rows: the table whose rows it holds; None for one that the migrations make and fill themselves.
        touched: whether some of these rows may be changed or gone.
        whole: whether its columns still hold what they held before, those of `lost` and `added` aside.
        lost: columns that a foreign key has emptied.
        added: columns that did not exist before.
        renamed: what its columns were called before, where that is something else.
        copies: what has been copied into it, by the name of the column that it was read from.
    """

    rows: str | None
    touched: bool = False
    whole: bool = True
    lost: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    copies: dict[str, set[Source]] = field(default_factory=dict)

    def original(self, column: str) -> str | None:
        """What a column of it was called before; None for one that the migrations add."""
        return None if column in self.added else self.renamed.get(column, column)

    def read(self, column: str) -> set[Source]:
        """The values that a column of it holds; all that were copied here, where the copy gave it another name."""
        if not column:
            return set()
        original = self.original(column)
        if self.whole and self.rows is not None and original is not None and column not in self.lost:
            return {(self.rows, original)}
        return self.copies.get(column, set() if self.whole else self.copied)

    @property
    def copied(self) -> set[Source]:
        """All that was copied into it."""
        return {source for sources in self.copies.values() for source in sources}

    def empty(self) -> None:
        """Forget what it holds."""
        self.whole = False
        self.copies = {}


class Lineage:
    """The tables, while the migrations run."""

    def __init__(self, tables: Iterable[str]) -> None:
        # None is a table to which nothing has happened: most of them, in most files.
        self._tables: dict[str, Table | None] = {name.lower(): None for name in tables}

    def restart(self) -> None:
        """Take every table that there is for one that held rows all along."""
        self._tables = dict.fromkeys(self._tables)

    def get(self, name: str) -> Table | None:
        """The table of this name, in any case."""
        name = name.lower()
        table = self._tables.get(name)
        if table is None and name in self._tables:
            table = self._tables[name] = Table(name)
        return table

    def follow(self, step: Step) -> None:
        """Run one statement."""
        if not step.actions:
            return
        verb, name = step.actions[0].verb, step.actions[0].name.lower()
        self._cascade(step)
        for action in step.actions:
            if action.verb in _TOUCHES and (touched := self.get(action.name)):
                touched.touched = True
        if verb in DROPS and step.changed_schema:
            self._tables.pop(name, None)
        if verb in _CREATES and step.changed_schema:
            self._tables[name] = Table(None, whole=False)
        if verb == "ALTER_TABLE" and step.changed_schema:
            self._alter(step, name)
        table = self.get(name)
        if table and verb == "DELETE" and step.everything:
            table.rows = None
            table.empty()
        elif table and verb in _FILLS:
            self._fill(table, name, step)

    def set_off(self, step: Step) -> tuple[ForeignKey, ...]:
        """The foreign keys of other tables that the end of a table's rows concerns, before the statement runs."""
        name = step.actions[0].name.lower() if step.actions else ""
        table = self.get(name)
        if table is None or table.rows is None or not (step.everything or step.actions[0].verb in DROPS):
            return ()
        found, gone = [], {name}
        for key in step.foreign_keys:
            child = self.get(key.child)
            filled = (
                child is not None and child.rows is not None and all(child.original(c.lower()) for c in key.columns)
            )
            if filled and key.parent.lower() in gone and key.child.lower() != name:
                found.append(key)
                if key.on_delete == "CASCADE":
                    gone.add(key.child.lower())
        return tuple(found)

    def _cascade(self, step: Step) -> None:
        for key in self.set_off(step):
            child = self.get(key.child)
            if child and key.on_delete == "CASCADE":
                child.empty()
            elif child and key.on_delete in {"SET NULL", "SET DEFAULT"}:
                child.lost |= {column.lower() for column in key.columns}
                child.copies = {at: held for at, held in child.copies.items() if at not in child.lost}

    def _alter(self, step: Step, name: str) -> None:
        change, table = altered(step.statement.text), self.get(name)
        if change is None or table is None:
            return
        if change.part is Part.TABLE:
            del self._tables[name]
            self._tables[change.new] = table
            _settle(table, change.new)
        elif change.part is Part.ADDED_COLUMN:
            table.added.add(change.new)
        else:
            original = table.original(change.old)
            table.added.discard(change.new)
            if original is None:
                table.added.add(change.new)
            else:
                table.renamed[change.new] = original
            if change.old in table.lost:
                table.lost.add(change.new)
            if change.old in table.copies:
                table.copies[change.new] = table.copies.pop(change.old)

    def _fill(self, table: Table, name: str, step: Step) -> None:
        read = [(column, source.read(column)) for at, column in step.reads if (source := self.get(at))]
        if step.actions[0].verb == "UPDATE":
            columns = {action.other.lower() for action in step.actions if action.name.lower() == name}
            read = [(column, sources) for column in columns for _, sources in read]
        for column, sources in read:
            table.copies.setdefault(column, set()).update(sources)
        _settle(table, name)


def _settle(table: Table, name: str) -> None:
    """A table into which its own rows came back holds them again."""
    if table.rows is None and any(source == name for source, _ in table.copied):
        table.rows, table.touched = name, True
