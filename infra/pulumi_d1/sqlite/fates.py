"""Compare the tables that were copied aside with those at the end of the script: what became of their rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.sqlite.table_copies import COLUMNS, rows, unlimited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import apsw

    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.table_copies import TableCopies, TableCopy

_MOST_PARTS: Final = 100
"""Tables over which a file may split another one. SQLite compares them in one compound SELECT."""

_FILLS: Final = frozenset({"INSERT", "UPDATE", "CREATE_TABLE"})
_READABLE: Final = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid"  # generated ones too
_NEXT_IDS: Final = """
    SELECT m.name, max(s.seq) + 1 FROM sqlite_sequence s JOIN main.sqlite_schema m ON m.name = s.name COLLATE BINARY
    WHERE m.type = 'table' AND typeof(s.seq) = 'integer' GROUP BY m.name
"""


class Kept(StrEnum):
    """An answer to whether values that a table loses are still in the database."""

    NO = "no"
    PARTLY = "partly"
    """In another form, or each value only once."""
    YES = "yes"


@dataclass(frozen=True, slots=True)
class ColumnFate:
    """The changes of the values of one column.

    Attributes:
        name: The column's name when the table was copied aside.
        names: All folded names that it has in the script, this one included.
        values: How many values it had, without NULLs.
        key: True if it is part of the primary key.
        lost: How many of these their rows lose, in rows that remain. A row whose key changes is missing: of a key, all
            values count that no row has at the end.
        nulled: How many of these are NULL then.
        holds: The other column whose values it has then; empty if there is none.
        constant: True if all rows have the same value then, and had not before.
        gone: True if the table has no such column any more.
        kept: Whether the lost values are elsewhere.
    """

    name: str
    names: frozenset[str]
    values: int
    lost: int
    key: bool = False
    nulled: int = 0
    holds: str = ""
    constant: bool = False
    gone: bool = False
    kept: Kept = Kept.NO


@dataclass(frozen=True, slots=True)
class TableFate:
    """The changes of the rows of one table.

    Attributes:
        name: The table's name when it was copied aside.
        start: Its folded name before the script.
        end: The folded name of the table that has its rows at the end; empty if there is none.
        virtual: True for a virtual table.
        rows: Number of rows before.
        missing: How many of the rows before are not there at the end.
        rows_after: Number of rows at the end.
        rebuilt: True if the table at the end is another one.
    """

    name: str
    start: str
    end: str
    virtual: bool
    rows: int
    missing: int
    rows_after: int = 0
    rebuilt: bool = False
    columns: tuple[ColumnFate, ...] = ()

    @property
    def kept(self) -> Kept:
        """The answer to whether the missing rows are elsewhere."""
        kinds = {column.kept for column in self.columns if column.values} or {Kept.NO}
        return kinds.pop() if len(kinds) == 1 else Kept.PARTLY


@dataclass(frozen=True, slots=True)
class IdRestart:
    """A table of AUTOINCREMENT that would give ids again.

    Attributes:
        table: Its name as written.
        before: The next id before the script.
        after: The next id at its end.
    """

    table: str
    before: int
    after: int


def compare(copies: TableCopies, steps: Sequence[Step]) -> tuple[TableFate, ...]:
    """Return what became of each table that was copied aside.

    Args:
        steps: The statements of the script.
    """
    connection = copies.connection
    with unlimited(connection):
        return tuple(_fate(connection, copied, copies, steps) for copied in copies.taken.values())


def next_ids(connection: apsw.Connection) -> dict[str, int]:
    """Return the next id of each table with AUTOINCREMENT, by its folded name."""
    if not rows(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"):
        return {}
    return {fold(name): number for name, number in rows(connection, _NEXT_IDS)}


def id_restarts(before: Mapping[str, int], copies: TableCopies) -> tuple[IdRestart, ...]:
    """Return the tables that would give ids again.

    Args:
        before: The next ids before the script.
    """
    after = next_ids(copies.connection) if before else {}
    ends = ((copies.end(start), number) for start, number in before.items())
    restarts = (
        IdRestart(_written(copies.connection, end), number, after.get(end) or _next_rowid(copies.connection, end))
        for end, number in ends
        if end
    )
    return tuple(restart for restart in restarts if restart.after < restart.before)


def _next_rowid(connection: apsw.Connection, table: str) -> int:
    """Return the next id of a table whose primary key may be the rowid."""
    key = rows(connection, "SELECT name FROM pragma_table_info(?) WHERE pk", table)
    if len(key) != 1:
        return 1
    [(last,)] = rows(connection, f"SELECT max({quoted(str(key[0][0]))}) FROM main.{quoted(table)}")
    return last + 1 if isinstance(last, int) else 1


def _fate(connection: apsw.Connection, copied: TableCopy, copies: TableCopies, steps: Sequence[Step]) -> TableFate:
    end = copies.end(copied.start) or (fold(copied.name) if _exists(connection, fold(copied.name)) else "")
    counts = ", ".join(f"count(c{index})" for index in range(len(copied.columns)))
    [(before, *values)] = rows(connection, f"SELECT count(*), {counts} FROM {copied.sql_name}")
    columns = [
        ColumnFate(column.name, frozenset(names), number, number, key=bool(column.key), gone=True)
        for column, names, number in zip(copied.columns, copied.names, values, strict=True)
    ]
    fate = TableFate(copied.name, copied.start, end, copied.virtual, before, missing=before)
    if end:
        fate = replace(fate, rebuilt=copies.origin(end) != copied.start)
        fate = _compare_rows(connection, copied, fate, columns)
    if not (fate.missing or any(column.lost for column in columns)):
        return replace(fate, columns=tuple(columns))
    holders = _holders(copied, steps)
    if copied.virtual and fate.missing:  # usually an index over the rows of other tables
        holders = {name: _Holder() for name in _tables(connection)}
    holders = {name: holder for name, holder in holders.items() if _exists(connection, name)}
    search = _Search(connection, copied, fate.end, holders)
    for index, column in enumerate(columns):
        if column.values and (column.lost or fate.missing):
            lost = column.lost or min(fate.missing, column.values)
            columns[index] = replace(column, kept=search.kept(index, column, lost))
    return replace(fate, columns=tuple(columns))


def _compare_rows(
    connection: apsw.Connection, copied: TableCopy, fate: TableFate, columns: list[ColumnFate]
) -> TableFate:
    """Compare a copy with the table that has its rows now. Fill in the fates of the columns that it still has."""
    table = f"main.{quoted(fate.end)}"
    now = {fold(name): (str(name), type_.upper()) for name, type_ in rows(connection, _READABLE, fate.end)}
    targets = {
        index: quoted(now[current][0])
        for index, (column, name) in enumerate(zip(copied.columns, copied.now, strict=True))
        if (current := name if not fate.rebuilt or name in now else fold(column.name)) in now
    }
    columns[:] = [
        replace(column, lost=0, gone=False) if index in targets else column for index, column in enumerate(columns)
    ]
    [(after,)] = rows(connection, f"SELECT count(*) FROM {table}")
    fate = replace(fate, rows_after=after, missing=max(fate.rows - after, 0))
    if not targets:
        return fate
    joined, common, lost = _join(connection, copied, fate, targets, now)
    if joined:
        fate = replace(fate, missing=fate.rows - common)
        if fate.missing:
            for place, (index, name) in enumerate(targets.items()):
                if copied.columns[index].key:
                    lost[place] = min(_surplus(connection, copied, table, {index: name}), fate.missing)
    else:
        lost = [_surplus(connection, copied, table, {index: name}) for index, name in targets.items()]
        lost = [max(number - fate.missing, 0) for number in lost]
        if not fate.missing and not any(lost):  # values of different rows may have changed places
            fate = replace(fate, missing=_surplus(connection, copied, table, targets))
    for (index, name), number in zip(targets.items(), lost, strict=True):
        if number:
            described = _describe(connection, copied, joined, table, (index, name))
            columns[index] = replace(columns[index], lost=number, **described)
    return fate


def _join(
    connection: apsw.Connection,
    copied: TableCopy,
    fate: TableFate,
    targets: Mapping[int, str],
    now: Mapping[str, tuple[str, str]],
) -> tuple[str, int, list[int]]:
    """Return the join that finds most rows of a copy in its table, their number, and how many values of them differ.

    The primary key finds the rows of a rebuilt table, and the rowid those whose key has changed.
    """
    # A text that becomes a number is another value if its text differs: 01234.
    differs = (
        f"s.c{index} IS NOT NULL AND (a.{name} IS NOT s.c{index} COLLATE BINARY "
        f"OR (typeof(s.c{index}) = 'text' AND CAST(a.{name} AS TEXT) IS NOT s.c{index} COLLATE BINARY))"
        for index, name in targets.items()
    )
    counts = ", ".join(f"count(CASE WHEN {condition} THEN 1 END)" for condition in differs)
    best: tuple[str, int, list[int]] = "", -1, []
    for key in _keys(connection, copied, targets, now, rebuilt=fate.rebuilt):
        if best[1] < fate.rows:
            source = f"{copied.sql_name} s JOIN main.{quoted(fate.end)} a ON {key}"
            [(common, *lost)] = rows(connection, f"SELECT count(*), {counts} FROM {source}")
            best = (source, common, lost) if common > best[1] else best
    return best


def _keys(
    connection: apsw.Connection,
    copied: TableCopy,
    targets: Mapping[int, str],
    now: Mapping[str, tuple[str, str]],
    *,
    rebuilt: bool,
) -> Iterator[str]:
    """Yield the conditions that join a row of the copy, s, with the same row of the table, a."""
    key = [index for index, column in enumerate(copied.columns) if column.key]
    # With other types SQLite would compare every row with every other.
    same = all(index in targets and now[fold(targets[index][1:-1])][1] == copied.columns[index].type for index in key)
    nulls = " OR ".join(f"c{index} IS NULL" for index in key)  # several rows may have the same such key
    if key and same and not rows(connection, f"SELECT 1 FROM {copied.sql_name} WHERE {nulls} LIMIT 1"):
        yield " AND ".join(f"a.{targets[index]} IS s.c{index}" for index in key)
    if copied.rowid and not rebuilt:
        yield f"a.{copied.rowid} = s.r"


def _surplus(connection: apsw.Connection, copied: TableCopy, table: str, targets: Mapping[int, str]) -> int:
    """Return how many rows of the copy the table lacks, looking at some columns as text. NULL in one column is none."""
    places = range(len(targets))
    old = ", ".join(f"CAST(c{index} AS TEXT) AS v{place}" for place, index in enumerate(targets))
    new = ", ".join(f"CAST({name} AS TEXT)" for name in targets.values())
    filled = f" WHERE c{next(iter(targets))} IS NOT NULL" if len(targets) == 1 else ""
    pairs = f"SELECT {old}, 1 AS n FROM {copied.sql_name}{filled} UNION ALL SELECT {new}, -1 FROM {table}"
    grouped = f"SELECT sum(n) AS n FROM ({pairs}) GROUP BY {', '.join(f'v{place}' for place in places)}"
    [(number,)] = rows(connection, f"SELECT ifnull(sum(max(n, 0)), 0) FROM ({grouped})")
    return int(number)


def _filled(copied: TableCopy, index: int) -> str:
    """Return a query for the values of a copied column, as text."""
    return f"SELECT CAST(c{index} AS TEXT) FROM {copied.sql_name} WHERE c{index} IS NOT NULL"


def _describe(
    connection: apsw.Connection, copied: TableCopy, joined: str, table: str, target: tuple[int, str]
) -> dict[str, Any]:
    """Return what a column holds instead of the lost values, as attributes of `ColumnFate`."""
    index, name = target
    others = [other for other in range(len(copied.columns)) if other != index]
    if not joined:
        filled = (other for other in others if rows(connection, f"SELECT 1 WHERE EXISTS ({_filled(copied, other)})"))
        names = (copied.columns[c].name for c in filled if not _surplus(connection, copied, table, {c: name}))
        return {"holds": next(names, "")}
    same = "".join(
        f", count(CASE WHEN a.{name} IS NOT s.c{other} THEN 1 END), count(DISTINCT s.c{other}) > 1 "
        f"OR count(CASE WHEN s.c{other} NOT IN (0, 1) THEN 1 END)"
        for other in others
    )
    sql = (
        f"SELECT count(CASE WHEN s.c{index} IS NOT NULL AND a.{name} IS NULL THEN 1 END), count(DISTINCT a.{name}), "
        f"count(DISTINCT s.c{index}) + (count(s.c{index}) < count(*)), "
        f"count(*), count(a.{name}) - count(*){same} FROM {joined}"
    )
    [(nulled, distinct, before, number, nulls, *pairs)] = rows(connection, sql)
    equal = (
        copied.columns[other].name
        for other, differing, telling in zip(others, pairs[::2], pairs[1::2], strict=True)
        if telling and not differing  # that all values are 0, or 1, is a coincidence
    )
    constant = distinct == 1 and number > 1 and before > 1 and not nulls
    return {"nulled": nulled, "holds": next(equal, ""), "constant": constant}


def _exists(connection: apsw.Connection, name: str) -> bool:
    return bool(rows(connection, "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND lower(name) = ?", name))


def _written(connection: apsw.Connection, name: str) -> str:
    """Return the name of a table as written."""
    sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND lower(name) = ?"
    return next((str(written) for (written,) in rows(connection, sql, name)), name)


def _tables(connection: apsw.Connection) -> frozenset[str]:
    return frozenset(
        fold(name) for (name,) in rows(connection, "SELECT name FROM main.sqlite_schema WHERE type = 'table'")
    )


@dataclass(slots=True)
class _Holder:
    """A table that may hold values of a copied table at the end.

    Attributes:
        columns: The columns of the copied table that were read; empty for all of them.
        rows: How many rows were written meanwhile.
    """

    columns: frozenset[str] = frozenset()
    rows: float = math.inf

    def add(self, columns: frozenset[str], written: float) -> None:
        """Add what one more statement has read and written."""
        self.columns |= columns
        self.rows += written


def _holders(copied: TableCopy, steps: Sequence[Step]) -> dict[str, _Holder]:
    """Return the tables that were filled from the copied table, or from such a table, by folded name."""
    names, holders = {copied.start, fold(copied.name)}, dict[str, _Holder]()
    for step in steps:
        action = step.actions[0] if step.actions else None
        change = parse_alter_table(step.statement.text) if action and action.verb == "ALTER_TABLE" else None
        if action and change and change.kind is AlterKind.RENAME_TABLE and step.changed_schema:
            if fold(action.name) in holders:
                holders[change.new] = holders.pop(fold(action.name))
            if fold(action.name) in names:
                names.add(change.new)
        elif action and action.verb in _FILLS:
            own = frozenset(column for table, column in step.reads if table in names)
            passed = [holders[table].columns for table, _ in step.reads if table in holders]
            if read := own.union(*passed):
                holder = fold(action.name)
                counted = (row.rows for row in step.rows if row.table == holder and row.verb != "DELETE")
                # SQLite reports no rows of CREATE TABLE AS.
                written = math.inf if action.verb == "CREATE_TABLE" else sum(counted)
                holders.setdefault(holder, _Holder(rows=0)).add(read, written)
    return holders


@dataclass(frozen=True, slots=True)
class _Search:
    """A search for the values of a copied table in other columns.

    Attributes:
        end: The folded name of the table that has its rows at the end; empty if there is none.
        holders: The tables that may hold the values, by folded name.
    """

    connection: apsw.Connection
    copied: TableCopy
    end: str
    holders: Mapping[str, _Holder]

    def kept(self, index: int, column: ColumnFate, lost: int) -> Kept:
        """Return whether the values of a column are elsewhere.

        Args:
            lost: The number of values to find.
        """
        known, found = column.names, Kept.NO
        holders = {name: item for name, item in self.holders.items() if not item.columns or item.columns & known}
        if self._is_split(index, column, holders, lost):
            return Kept.YES
        for table, holder in holders.items():
            held = holder.columns
            if holder.rows < lost:
                continue
            columns = [str(name) for name, _, _ in rows(self.connection, COLUMNS, table)]
            for other in columns:
                if table == self.end and not column.gone and fold(other) in known:
                    continue
                missing, enough = self._compare(index, column, [(table, other)])
                same = fold(other) in known or not held
                if enough and not missing and (same or self._is_aligned(index, column, table, other, columns)):
                    return Kept.YES
                if column.gone and not missing:
                    found = Kept.PARTLY
            if held and column.gone and self._number(f"SELECT count(*) FROM main.{quoted(table)}") >= column.values:
                found = Kept.PARTLY  # it was read, so it may be converted
        return found

    def _is_split(self, index: int, column: ColumnFate, holders: Mapping[str, _Holder], lost: int) -> bool:
        """Return whether several tables, each with a part of the rows, have the values in a column of the same name."""
        places = [
            (table, str(name))
            for table, holder in holders.items()
            if holder.columns
            for name, _, _ in rows(self.connection, COLUMNS, table)
            if fold(str(name)) in column.names and table != self.end
        ]
        if not 1 < len(places) <= _MOST_PARTS or sum(holders[table].rows for table, _ in places) < lost:
            return False
        return self._compare(index, column, places) == (False, True)

    def _compare(self, index: int, column: ColumnFate, places: Sequence[tuple[str, str]]) -> tuple[bool, bool]:
        """Return whether other columns lack a value, and whether they have as many.

        If the table still has the column, the values that are still there count too.

        Args:
            places: Pairs of table and column.
        """
        now = quoted(self.copied.now[index] or column.name)
        still = (
            [f"SELECT CAST({now} AS TEXT) AS v FROM main.{quoted(self.end)}"] if self.end and not column.gone else []
        )
        moved = [f"SELECT CAST({quoted(other)} AS TEXT) AS v FROM main.{quoted(table)}" for table, other in places]
        there = f"SELECT v FROM ({' UNION ALL '.join(moved + still)}) WHERE v IS NOT NULL"
        missing = self._number(f"SELECT EXISTS ({_filled(self.copied, index)} EXCEPT SELECT v FROM ({there}))")
        return bool(missing), self._number(f"SELECT count(*) FROM ({there})") >= column.values

    def _is_aligned(self, index: int, column: ColumnFate, table: str, other: str, columns: Sequence[str]) -> bool:
        """Return whether another column has the values next to the keys of their rows."""
        keys = [place for place, item in enumerate(self.copied.columns) if item.key]
        if len(keys) != 1 or keys == [index]:
            return keys == [index] and column.gone  # a key that has another name now
        source = f"{self.copied.sql_name} s JOIN main.{quoted(table)} a"
        same = f"s.c{index} IS NOT NULL AND CAST(a.{quoted(other)} AS TEXT) = CAST(s.c{index} AS TEXT)"
        return any(
            self._number(f"SELECT count(*) FROM {source} ON a.{quoted(key)} = s.c{keys[0]} WHERE {same}")
            >= column.values
            for key in columns
            if key != other
        )

    def _number(self, sql: str) -> int:
        [(number,)] = rows(self.connection, sql)
        return int(number)
