"""Copy tables aside before a script changes them, and follow their names until its end.

Names change in a script: a rebuild creates a table, drops the old one and gives its name to the new one. What became of
the rows is in `fates`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import apsw

from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.sqlite.storage import ROWIDS, RowSource, virtual_storage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pulumi_d1.sqlite.observation import Step

COLUMNS: Final = "SELECT name, type, pk FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid"
"""The columns of a table that store values: name, declared type, place in the primary key."""

_TABLE: Final = """
    SELECT m.name, m.sql, l.type, l.wr FROM main.sqlite_schema m
    JOIN pragma_table_list l ON l.schema = 'main' AND l.name = m.name WHERE m.type = 'table' AND lower(m.name) = ?
"""
_D1_COLUMNS: Final = 100  # in a table and in a result
_SQLITE_LIMITS: Final = {apsw.SQLITE_LIMIT_COLUMN: 2_000, apsw.SQLITE_LIMIT_COMPOUND_SELECT: 500}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that was copied aside.

    Attributes:
        name: Its name as written.
        type: Its declared type, in capitals.
        key: 1-based place in the primary key; 0 if it is not part of it.
    """

    name: str
    type: str
    key: int


@dataclass(frozen=True, slots=True)
class TableCopy:
    """A table that was copied aside. The copy has the columns c0, c1, ... and, for the rowid, r.

    Attributes:
        sql_name: SQL name of the copy.
        name: The table's name when it was copied, as written.
        start: The folded name that it had before the script.
        rowid: SQL name of the table's rowid; empty if none can be named.
        virtual: True for a virtual table.
        now: The current folded name of each column, or None if it was dropped. The list changes with the script.
        names: All folded names that each column has had. The sets grow with the script.
    """

    sql_name: str
    name: str
    start: str
    columns: tuple[Column, ...]
    rowid: str
    virtual: bool
    now: list[str | None]
    names: tuple[set[str], ...]


@dataclass(slots=True)
class TableCopies:
    """The tables of a database while a script runs.

    Attributes:
        connection: The database that runs the script.
        skipped: Folded names of tables that are not copied.
        taken: The copies, by the folded name that the table had before the script.
    """

    connection: apsw.Connection
    skipped: Collection[str] = ()
    taken: dict[str, TableCopy] = field(default_factory=dict)
    # The folded columns that the script has added, by the name of their table before it. Their values are the script's.
    _added: dict[str, set[str]] = field(default_factory=dict)
    # Names that differ from those before the script: None for a table that the script created, empty for one that is
    # gone, otherwise the name before the script.
    _origins: dict[str, str | None] = field(default_factory=dict)

    def origin(self, name: str) -> str | None:
        """Return the folded name that a table had before the script; None if the script created it."""
        return self._origins.get(name, name) or None

    def end(self, start: str) -> str:
        """Return the current name of a table, or of the one that has taken its name; empty if there is none."""
        renamed = [name for name, origin in self._origins.items() if origin == start]
        return renamed[0] if renamed else "" if self._origins.get(start) == "" else start

    def take(self, name: str) -> None:
        """Copy a table aside, unless this was done, or it has no rows of its own, or the script created it.

        Args:
            name: Its folded name.
        """
        start = self.origin(name)
        if start is None or start in self.taken or start in self.skipped or name.startswith("sqlite_"):
            return
        with unlimited(self.connection):
            for written, sql, kind, without_rowid in rows(self.connection, _TABLE, name):
                table, virtual = f"main.{quoted(written)}", kind == "virtual"
                is_index = kind == "shadow" or (virtual and virtual_storage(sql)[1] is not RowSource.OWN)
                if is_index or not rows(self.connection, f"SELECT 1 FROM {table} LIMIT 1"):
                    continue
                columns = tuple(
                    Column(column, type_.upper(), key)
                    for column, type_, key in rows(self.connection, COLUMNS, written)
                    if fold(column) not in self._added.get(start, ())
                )
                names = [fold(column.name) for column in columns]
                # ALTER TABLE reads the copy's schema too, with D1's limit.
                has_room = len(columns) < _D1_COLUMNS
                rowid = next((alias for alias in ROWIDS if has_room and alias not in names), "")
                copied = TableCopy(
                    f'"d1 copy {len(self.taken)}"',
                    str(written),
                    start,
                    columns,
                    "" if without_rowid or virtual else rowid,
                    virtual,
                    list(names),
                    tuple({name} for name in names),
                )
                values = [f"{quoted(column.name)} AS c{index}" for index, column in enumerate(columns)]
                values += [f"{copied.rowid} AS r"] if copied.rowid else []
                select = f"SELECT {', '.join(values)} FROM {table}"
                rows(self.connection, f"CREATE TEMP TABLE {copied.sql_name} AS {select}")
                self.taken[start] = copied

    def follow(self, step: Step) -> None:
        """Follow the names through a statement that changed the schema."""
        action = step.actions[0]
        name, other = fold(action.name), fold(action.other)
        match action.verb:
            case "CREATE_TABLE" | "CREATE_VTABLE":
                self._origins[name] = None
            case "DROP_TABLE" | "DROP_VTABLE":
                self._origins[name] = ""
            case "ALTER_TABLE":
                change, copied = parse_alter_table(step.statement.text), self.taken.get(self.origin(name) or "")
                added = self._added.setdefault(self.origin(name) or "", set())
                if change and change.kind is AlterKind.ADD_COLUMN:
                    added.add(change.new)
                elif change and change.kind is AlterKind.RENAME_COLUMN and change.old in added:
                    added.symmetric_difference_update({change.old, change.new})
                elif change and change.kind is AlterKind.RENAME_TABLE:
                    self._origins |= {name: "", change.new: self.origin(name)}
                elif copied and change and change.kind is AlterKind.RENAME_COLUMN and change.old in copied.now:
                    index = copied.now.index(change.old)
                    copied.now[index] = change.new
                    copied.names[index].add(change.new)
                elif copied and other in copied.now:
                    copied.now[copied.now.index(other)] = None

    def drop(self) -> None:
        """Forget the copies."""
        for copied in self.taken.values():
            rows(self.connection, f"DROP TABLE {copied.sql_name}")
        self.taken.clear()


def rows(connection: apsw.Connection, sql: str, *values: str) -> list[Any]:
    """Run one statement of our own and return its rows."""
    with trusted(connection):
        return connection.execute(sql, values, can_cache=False).fetchall()


@contextmanager
def unlimited(connection: apsw.Connection) -> Iterator[None]:
    """Allow SQLite's default limits in the block instead of D1's, for statements of our own."""
    limits = {limit: connection.limit(limit, most) for limit, most in _SQLITE_LIMITS.items()}
    try:
        yield
    finally:
        for limit, most in limits.items():
            connection.limit(limit, most)
