"""Insert generated rows into one table.

SQLite decides which rows are right: if a constraint refuses a row, other values are tried in the columns that the
constraint names. The number of attempts is limited.
"""

from __future__ import annotations

from functools import cached_property, partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import apsw

from pulumi_d1.migrations.rehearsal.rows.candidates import alternatives, choices, preferred, read_literals
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import check_expressions, quoted, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_d1.migrations.rehearsal.rows.candidates import Choice
    from pulumi_d1.migrations.rehearsal.rows.layout import ColumnGroup, ParentKey, TableLayout
    from pulumi_d1.sqlite.execute import SQLValue
    from pulumi_d1.sqlite.schema import Schema

_Row: TypeAlias = "dict[str, SQLValue]"
"""Values by folded name of the column."""
_Values: TypeAlias = "tuple[SQLValue, ...]"
_Target: TypeAlias = "tuple[str, tuple[str, ...]]"
"""A table and columns to which foreign keys refer."""

_MAX_PARENTS: Final = 8  # rows of a table to which foreign keys refer
_FAR: Final = 50  # to the number of a row whose values no other row has


def query(connection: apsw.Connection, sql: str, *params: SQLValue) -> list[tuple[Any, ...]]:
    """Return the rows of a query; none if SQLite refuses it or they have text that is not UTF-8."""
    try:
        return connection.execute(sql, params, can_cache=False).fetchall()
    except apsw.InterruptError:
        raise
    except (apsw.Error, UnicodeDecodeError):
        return []


class ParentRows:
    """The rows to which foreign keys refer."""

    def __init__(self, connection: apsw.Connection, now: Schema) -> None:
        self._connection = connection
        self._schema = now
        self._rows: dict[_Target, Sequence[_Values]] = {}
        self._empty: dict[_Target, ParentKey] = {}

    def rows(self, key: ParentKey) -> Sequence[_Values]:
        """Return some of the values to which a key can refer."""
        target = key.parent, key.targets
        if target in self._rows:
            return self._rows[target]
        if rows := self.select(key):
            self._rows[target] = rows
        else:
            self._empty[target] = key
        return rows

    def learn(self) -> bool:
        """Keep only the rows of tables that were empty when they were needed. Return whether there are any now."""
        self._rows = {target: rows for target, key in self._empty.items() if (rows := self.select(key))}
        return bool(self._rows)

    def select(self, key: ParentKey) -> Sequence[_Values]:
        """Read the values from the database."""
        if not {fold(column.name) for column in self._schema.columns.get(key.parent, ())} >= set(key.targets):
            return ()
        names = ", ".join(map(quoted, key.targets))
        known = " AND ".join(f"{quoted(target)} IS NOT NULL" for target in key.targets)
        return query(self._connection, f"SELECT {names} FROM {quoted(key.parent)} WHERE {known} LIMIT {_MAX_PARENTS}")


class RowInserter:
    """Inserts rows into one table."""

    def __init__(
        self, connection: apsw.Connection, table: TableLayout, parents: ParentRows, attempts: Iterator[int]
    ) -> None:
        self._connection = connection
        self._table = table
        self._parents = parents
        self._attempts = attempts
        self._made: list[_Row] = []
        self._own = {key: parents.select(key) for key in table.parent_keys if key.parent == fold(table.name)}
        self._helpful: dict[str, Choice] = {}
        names = ", ".join(map(quoted, table.columns))
        values = ", ".join("?" * len(table.columns))
        # OR ABORT overrides the ON CONFLICT clauses of the table, some of which delete rows.
        self._sql = f"INSERT OR ABORT INTO {quoted(table.name)} ({names}) VALUES ({values})"

    def insert(self, n: int, *, with_nulls: bool) -> bool:
        """Insert the row with the 1-based number `n`. Return False if no accepted values were found."""
        row = self._first_values(n, with_nulls=with_nulls)
        error = self._insert(row)
        errors: set[str] = set()
        while error and str(error) not in errors:  # each round satisfies at least one more constraint
            errors.add(str(error))
            for trial, choice in self._trials(error, row, n):
                after = self._insert(trial)
                if after is None or (self._place(after) >= self._place(error) and str(after) not in errors):
                    self._helpful[str(error)] = choice
                    row, error = trial, after
                    break
        if error is None:
            self._made.insert(0, row)
        return error is None

    def _insert(self, row: _Row) -> apsw.Error | None:
        """Insert a row. Return SQLite's error if it refuses the row."""
        try:
            self._connection.execute(self._sql, tuple(row.values()))
        except apsw.InterruptError:
            raise
        except apsw.Error as error:
            return error
        return None

    def _first_values(self, n: int, *, with_nulls: bool) -> _Row:
        columns = self._table.columns
        row = {name: preferred(column, place, n) for place, (name, column) in enumerate(columns.items())}
        for group in self._table.groups:
            if group.parent_keys:
                tried = islice(self._keys(group, n, row), 1 if len(group.parent_keys) == 1 else None)
                row.update(min(tried, key=partial(self._faults, group)))
            elif with_nulls and self._table.is_nullable(group.columns[0]):
                row[group.columns[0]] = None
        return row

    def _trials(self, error: apsw.Error, row: _Row, n: int) -> Iterator[tuple[_Row, Choice]]:
        """Yield other rows as long as there are attempts left, starting with what helped an earlier row."""
        detail = _detail(error)
        expressions = [text for name, text, _ in self._checks if name and name == fold(detail)] or [detail]
        named = set(chain.from_iterable(map(tokens, expressions)))
        groups = [group for group in self._table.groups if named & set(group.columns)]
        if not groups:  # an index on an expression, or a generated column
            groups, expressions = [*self._table.groups], [*self._table.sql]
        values = [self._values(group, groups, expressions, row, n) for group in groups]
        helpful = self._helpful.get(str(error), ())
        for choice, _ in zip(chain([helpful], choices([*map(len, values)])), self._attempts, strict=False):
            trial = dict(row)
            for place, rank in choice:
                trial |= values[place][rank % len(values[place])]
            yield trial, choice

    def _place(self, error: apsw.Error) -> int:
        """Return the place of a constraint in the order of the CHECKs. Types come before all of them, and NOT NULL."""
        if not isinstance(error, apsw.ConstraintError) or str(error).startswith("cannot store "):
            return -2
        if str(error).startswith("NOT NULL "):
            return -1
        detail = _detail(error)
        places = (place for place, (name, text, _) in enumerate(self._checks) if detail == text or fold(detail) == name)
        return next(places, len(self._checks))

    @cached_property
    def _checks(self) -> Sequence[tuple[str, str, frozenset[str]]]:
        """The name, text and words of each CHECK."""
        return [(name, text, frozenset(tokens(text))) for name, text in check_expressions(self._table.sql[0])]

    def _values(
        self, group: ColumnGroup, groups: Iterable[ColumnGroup], expressions: Iterable[str], row: _Row, n: int
    ) -> list[_Row]:
        """Return the values to try in a group of columns.

        Args:
            groups: All groups that the refusing constraint concerns.
            expressions: The SQL of the constraint.
        """
        if group.parent_keys:
            return [*self._keys(group, n, row)]
        [name] = group.columns
        column, place = self._table.columns[name], [*self._table.columns].index(name)
        checks = (text for _, text, words in self._checks if name in words)
        literals = read_literals((*expressions, *checks, column.default or ""))
        others = [row[other] for other in chain.from_iterable(group.columns for group in groups) if other != name]
        first, far = (preferred(column, place, number) for number in (n, n + _FAR))
        values = [first, *alternatives(literals, others, place, n), far]
        return [{name: value} for value in (*values, *([None] if self._table.is_nullable(name) else []))]

    def _keys(self, group: ColumnGroup, n: int, row: _Row) -> Iterator[_Row]:
        """Yield values for foreign keys that share columns. The last ones refer to no row if columns are nullable."""
        yield from (self._key_values(group, n, row, turn) for turn in range(_MAX_PARENTS))
        yield self._key_values(group, n, row, 0, absent=True)

    def _faults(self, group: ColumnGroup, values: _Row) -> tuple[int, int]:
        """Return how many foreign keys are violated, and how many are NULL."""
        parts = [(key, tuple(values[name] for name in key.columns)) for key in group.parent_keys]
        violated = [None not in part and key not in self._own and part not in self._rows(key) for key, part in parts]
        return sum(violated), sum(None in part for _, part in parts)

    def _key_values(self, group: ColumnGroup, n: int, row: _Row, turn: int, *, absent: bool = False) -> _Row:
        """Return the values of foreign keys for the row with the number `n`.

        Args:
            row: The values of the other columns.
            turn: Another row to refer to for each number.
            absent: Refer to no row if a column is nullable.
        """
        values: _Row = {}
        own: list[ParentKey] = []
        for key in group.parent_keys:
            nullable = [name for name in key.columns if self._table.is_nullable(name) and name not in values]
            known = {place: values[name] for place, name in enumerate(key.columns) if name in values}
            rows = [found for found in self._rows(key) if all(found[place] == value for place, value in known.items())]
            if rows and not (absent and nullable):
                start = 0 if key in self._own else n  # a row refers to the one before it, or not to that of its number
                values.update(zip(key.columns, rows[(start + group.shift + turn) % len(rows)], strict=True))
            elif nullable:
                values |= dict.fromkeys(nullable)
            elif key in self._own:
                own.append(key)
        for key in own:  # the first row refers to itself
            targets = [values.get(target, row.get(target)) for target in key.targets]
            values.update(zip(key.columns, targets, strict=True))
        return {name: values.get(name, row[name]) for name in group.columns}

    def _rows(self, key: ParentKey) -> Sequence[_Values]:
        """Return values to which a key can refer. If they are in the same table, the newest ones come first."""
        if key not in self._own:
            return self._parents.rows(key)
        made = [tuple(row.get(target) for target in key.targets) for row in self._made[:_MAX_PARENTS]]
        return [values for values in (*made, *self._own[key]) if None not in values]


def _detail(error: apsw.Error) -> str:
    """Return the name or text of the CHECK that refuses a row, or the columns of another constraint; "" if neither."""
    return str(error).partition(" constraint failed: ")[2]
