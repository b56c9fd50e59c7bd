"""Follow the existing values of a database through the pending migrations: renames, copies and losses. Pure.

All names are in lower case. The values are followed by table and column, not by row: a copy with a WHERE counts as a
copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import ForeignKey

Source: TypeAlias = tuple[str, str]
"""A table and a column, by their names on the live database."""

DROPS = frozenset({"DROP_TABLE", "DROP_VTABLE"})
_CREATES = frozenset({"CREATE_TABLE", "CREATE_VTABLE"})
_TOUCHES = frozenset({"DELETE", "UPDATE"})
_FILLS = frozenset({"CREATE_TABLE", "INSERT", "UPDATE"})


@dataclass(slots=True)
class Table:
    """A table while the migrations run.

    Attributes:
        rows: The live table whose rows it has; None if the migrations create and fill it themselves.
        touched: True if some of these rows may be changed or deleted.
        whole: True if its columns still have their original values, except those in `lost` and `added`.
        lost: Columns that a foreign key has emptied.
        renamed: Original names of renamed columns.
        copies: Values that were copied into it, by the name of the column that they were read from.
    """

    rows: str | None
    touched: bool = False
    whole: bool = True
    lost: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    copies: dict[str, set[Source]] = field(default_factory=dict)

    def original(self, column: str) -> str | None:
        """Return a column's original name, or None if the migrations add the column."""
        return None if column in self.added else self.renamed.get(column, column)

    def values(self, column: str) -> set[Source]:
        """Return the values in a column. If a copy has renamed the column, return all copied values."""
        if not column:
            return set()
        original = self.original(column)
        if self.whole and self.rows is not None and original is not None and column not in self.lost:
            return {(self.rows, original)}
        return self.copies.get(column, set() if self.whole else self.copied)

    @property
    def copied(self) -> set[Source]:
        """All values that were copied into the table."""
        return {source for sources in self.copies.values() for source in sources}

    def empty(self) -> None:
        """Remove all values."""
        self.whole = False
        self.copies = {}


class Lineage:
    """The tables of a database while the migrations run."""

    def __init__(self, tables: Iterable[str]) -> None:
        # None is a table that no statement has changed yet. In most files these are most tables.
        self._tables: dict[str, Table | None] = {name.lower(): None for name in tables}

    def restart(self) -> None:
        """Treat every current table as one with existing rows."""
        self._tables = dict.fromkeys(self._tables)

    def get(self, name: str) -> Table | None:
        """Return the table of this name, in any case; None if there is none."""
        name = name.lower()
        table = self._tables.get(name)
        if table is None and name in self._tables:
            table = self._tables[name] = Table(name)
        return table

    def follow(self, step: Step) -> None:
        """Apply one statement."""
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
        if table and verb == "DELETE" and step.every_row:
            table.rows = None
            table.empty()
        elif table and verb in _FILLS:
            self._fill(table, name, step)

    def triggered_keys(self, step: Step) -> tuple[ForeignKey, ...]:
        """Return the foreign keys that reference rows which the statement deletes. Call this before `follow`."""
        name = step.actions[0].name.lower() if step.actions else ""
        table = self.get(name)
        if table is None or table.rows is None or not (step.every_row or step.actions[0].verb in DROPS):
            return ()
        keys, emptied = [], {name}
        for key in step.foreign_keys:
            child = self.get(key.child)
            has_rows = (
                child is not None and child.rows is not None and all(child.original(c.lower()) for c in key.columns)
            )
            if has_rows and key.parent.lower() in emptied and key.child.lower() != name:
                keys.append(key)
                if key.on_delete == "CASCADE":
                    emptied.add(key.child.lower())
        return tuple(keys)

    def _cascade(self, step: Step) -> None:
        for key in self.triggered_keys(step):
            child = self.get(key.child)
            if child and key.on_delete == "CASCADE":
                child.empty()
            elif child and key.on_delete in {"SET NULL", "SET DEFAULT"}:
                child.lost |= {column.lower() for column in key.columns}
                child.copies = {at: held for at, held in child.copies.items() if at not in child.lost}

    def _alter(self, step: Step, name: str) -> None:
        change, table = parse_alter_table(step.statement.text), self.get(name)
        if change is None or table is None:
            return
        if change.kind is AlterKind.RENAME_TABLE:
            del self._tables[name]
            self._tables[change.new] = table
            _mark_restored(table, change.new)
        elif change.kind is AlterKind.ADD_COLUMN:
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
        read = [(column, source.values(column)) for at, column in step.reads if (source := self.get(at))]
        if step.actions[0].verb == "UPDATE":
            columns = {action.other.lower() for action in step.actions if action.name.lower() == name}
            read = [(column, sources) for column in columns for _, sources in read]
        for column, sources in read:
            table.copies.setdefault(column, set()).update(sources)
        _mark_restored(table, name)


def _mark_restored(table: Table, name: str) -> None:
    """If a table's own rows were copied back into it, treat it as having them again."""
    if table.rows is None and any(source == name for source, _ in table.copied):
        table.rows, table.touched = name, True
