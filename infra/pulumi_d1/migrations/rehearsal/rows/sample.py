"""A sample of the rows of each table: the first and the last ones, and all rows that these reference.

Rows are found through keys and unique indexes, so D1 reads about as many rows as the sample has, whatever the size of
the database. Long values of large rows are cut, because a sample is small even if the database is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from pulumi_d1.sqlite.names import fold
from pulumi_d1.tables.literal import SEPARATOR, join_sql, literal_sql
from pulumi_d1.tables.reader import (
    MAX_COLUMNS,
    REQUEST_BYTES,
    aliases,
    copied_columns,
    guarded_sql,
    key_of,
    key_places,
    ordered_sql,
    parse_rows,
    source_sql,
    wanted_groups,
    wanted_sql,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_d1.cloudflare.database import Row
    from pulumi_d1.sqlite.references import Reference
    from pulumi_d1.sqlite.storage import Storage
    from pulumi_d1.tables.reader import Cells, LargeRow, TableReader

Columns: TypeAlias = tuple[str, tuple[str, ...]]
"""Folded names of a table and of some of its columns."""

_Part: TypeAlias = "tuple[Storage, str, int]"
"""A table, SQL for some of its rows, and the largest number of them."""

SAMPLED_ROWS: Final = 200
"""Rows of each table, apart from those that others reference."""

_SAMPLE_BYTES: Final = 48_000_000
_ROW_BYTES: Final = 20_000
_SMALL_ROW_BYTES: Final = 1_000
"""A row above this is cut: 20,000 bytes, or less if all rows together would exceed 48 MB."""

_SHORTEST_CUT: Final = 50

_ROUNDS: Final = 12
"""Requests for parents, at most. A chain of rows that each reference the one before can be as long as the table."""


@dataclass(slots=True)
class Sample:
    """Rows of the tables, by their keys.

    Attributes:
        rows: For each table, by its folded name, the rows by the literals of their keys.
    """

    reader: TableReader
    storages: dict[str, Storage]
    references: Sequence[Reference]
    row_bytes: int
    most_rows: int
    rows: dict[str, dict[Cells, Cells]] = field(default_factory=dict)
    _known: dict[Columns, set[Cells]] = field(default_factory=dict)
    """For the parents of each foreign key: the values that were read, or were looked for."""

    @property
    def total(self) -> int:
        """Number of rows."""
        return sum(map(len, self.rows.values()))

    def read_ends(self, rows: int) -> None:
        """Read the first and the last rows of each table, in the order of its key."""
        self._add([(storage, _ends_sql(storage, rows), rows) for storage in self.storages.values()])

    def close(self) -> None:
        """Read the rows that others reference, until none is missing or the limits are reached."""
        for _ in range(_ROUNDS):
            parts: list[_Part] = []
            room = self.most_rows - self.total
            for (parent, columns), values in self._missing().items():
                chosen = sorted(values)[: max(0, room)]
                room -= len(chosen)
                self._known[parent, columns].update(chosen)
                parts += self._wanted(parent, [_column_sql(self.storages[parent], name) for name in columns], chosen)
            if not parts:
                break
            self._add(parts)
        self._detach()

    def _wanted(self, name: str, columns: Sequence[str], values: Sequence[Cells]) -> Iterator[_Part]:
        for group in wanted_groups(values, REQUEST_BYTES // self.row_bytes):
            yield self.storages[name], wanted_sql(self.storages[name], columns, group), len(group)

    def _add(self, parts: Sequence[_Part]) -> None:
        """Read rows, and those again, cut, that are large."""
        statements = [guarded_sql(storage, sql, self.row_bytes) for storage, sql, _ in parts]
        large: dict[str, list[LargeRow]] = {}
        answers = self.reader.query_all(statements, [rows * self.row_bytes for _, _, rows in parts])
        for (storage, _, _), rows in zip(parts, answers, strict=True):
            large.setdefault(fold(storage.table), []).extend(self._add_rows(storage, rows))
        again = [
            part
            for name, rows in large.items()
            for part in self._wanted(name, self.storages[name].key, [row.key for row in rows])
        ]
        statements = [self._cut_sql(storage, sql) for storage, sql, _ in again]
        answers = self.reader.query_all(statements, [rows * self.row_bytes for _, _, rows in again])
        for (storage, _, _), rows in zip(again, answers, strict=True):
            self._add_rows(storage, rows)

    def _add_rows(self, storage: Storage, rows: Iterable[Row]) -> list[LargeRow]:
        """Add the complete rows, and return the others."""
        complete, large = parse_rows(rows)
        name = fold(storage.table)
        kept = self.rows.setdefault(name, {})
        added: list[Cells] = [tuple(text.split(SEPARATOR)) for text in complete]
        kept.update((key_of(storage, cells), cells) for cells in added)
        for (parent, columns), known in self._known.items():
            if parent == name:
                places = self._places(name, columns)
                known.update(tuple(cells[place] for place in places) for cells in added)
        return large

    def _cut_sql(self, storage: Storage, rows: str) -> str:
        """Return SQL for the cells of large rows, with short values. Keys and references stay as they are."""
        names = aliases(storage)
        name, whole = fold(storage.table), set(key_places(storage))
        for reference in self.references:
            if reference.child == name:
                whole.update(self._places(name, reference.columns))
            if reference.parent == name:
                whole.update(self._places(name, reference.parent_columns))
        most = max(_SHORTEST_CUT, self.row_bytes // len(copied_columns(storage)))
        values = [alias if place in whole else _cut(alias, most) for place, alias in enumerate(names)]
        shown = ", ".join(f"{value} AS {alias}" for value, alias in zip(values[:MAX_COLUMNS], names, strict=False))
        # The limit excludes no row. Without one, SQLite would compute each value again for each use.
        source = source_sql(storage, f"SELECT {shown} FROM ({rows}) LIMIT -1")
        cells = join_sql([literal_sql(value) for value in (*names[:MAX_COLUMNS], *values[MAX_COLUMNS:])])
        return f"SELECT {cells} AS cells FROM {source}"

    def _missing(self) -> dict[Columns, set[Cells]]:
        """Return the values that rows reference and that were not looked for, by the parents' columns."""
        missing: dict[Columns, set[Cells]] = {}
        for reference in self.references:
            columns = reference.parent, reference.parent_columns
            if columns not in self._known:
                indexes = self._places(*columns)
                rows = self.rows.get(reference.parent, {}).values()
                self._known[columns] = {tuple(cells[place] for place in indexes) for cells in rows}
            values = set(self._referenced(reference)) - self._known[columns]
            if values:
                missing.setdefault(columns, set()).update(values)
        return missing

    def _referenced(self, reference: Reference) -> Iterator[Cells]:
        places = self._places(reference.child, reference.columns)
        for cells in self.rows.get(reference.child, {}).values():
            values = tuple(cells[place] for place in places)
            if "NULL" not in values:
                yield values

    def _detach(self) -> None:
        """Remove references to rows beyond the limits: set them to NULL, or leave the row out if they cannot be."""
        while missing := self._missing():
            for reference in self.references:
                values = missing.get((reference.parent, reference.parent_columns), set())
                places = self._places(reference.child, reference.columns)
                rows = self.rows.get(reference.child, {})
                for key, cells in list(rows.items()):
                    if tuple(cells[place] for place in places) not in values:
                        continue
                    if reference.optional:
                        [place] = self._places(reference.child, (reference.optional,))
                        rows[key] = (*cells[:place], "NULL", *cells[place + 1 :])
                    else:
                        del rows[key]
                        self._forget(reference.child, cells)

    def _forget(self, name: str, cells: Cells) -> None:
        for (parent, columns), known in self._known.items():
            if parent == name:
                known.discard(tuple(cells[place] for place in self._places(name, columns)))

    def _places(self, name: str, columns: Iterable[str]) -> tuple[int, ...]:
        storage = self.storages[name]
        names = [fold(column) for column in storage.columns]
        first = 1 if storage.rowid else 0
        return tuple(first + names.index(column) for column in columns)


def read_sample(
    reader: TableReader, storages: Sequence[Storage], references: Sequence[Reference], most_rows: int
) -> Sample:
    """Read a sample of tables that have keys.

    Args:
        references: The foreign keys of these tables.
        most_rows: Largest number of rows of the sample.

    Raises:
        ApiError: A table cannot be read.
    """
    rows = max(2, min(SAMPLED_ROWS, most_rows // max(1, len(storages))))
    row_bytes = max(_SMALL_ROW_BYTES, min(_ROW_BYTES, _SAMPLE_BYTES // (rows * max(1, len(storages)))))
    by_name = {fold(storage.table): storage for storage in storages}
    known = [item for item in references if item.child in by_name and item.parent in by_name]
    sample = Sample(reader, by_name, known, row_bytes, most_rows)
    if storages:
        sample.read_ends(rows)
        sample.close()
    return sample


def _ends_sql(storage: Storage, rows: int) -> str:
    order = storage.order or storage.key
    backwards = [key.removesuffix(" DESC") if key.endswith(" DESC") else f"{key} DESC" for key in order]
    first, last = (
        ordered_sql(storage, "", way, count) for way, count in ((order, rows - rows // 2), (backwards, rows // 2))
    )
    return f"SELECT * FROM ({first}) UNION ALL SELECT * FROM ({last})"


def _column_sql(storage: Storage, name: str) -> str:
    names = [fold(column) for column in storage.columns]
    return copied_columns(storage)[names.index(name) + (1 if storage.rowid else 0)]


def _cut(value: str, most: int) -> str:
    """Return SQL for a value, or for the beginning of one that has more than `most` bytes, of the same type.

    The beginning of a JSON text is not JSON, so a constraint, an index or a statement of a migration would fail on the
    copy alone. A JSON string takes its place, and likewise for binary JSON.
    """
    start = f"substr({value}, 1, {most // 4})"
    string = f"'\"' || hex(substr(CAST({value} AS BLOB), 1, {most // 4})) || '\"'"
    text = f"CASE WHEN json_valid({value}) THEN {string} ELSE {start} END"
    binary = f"CASE WHEN json_valid({value}, 8) THEN jsonb({string}) ELSE {start} END"
    short = f"CASE typeof({value}) WHEN 'text' THEN {text} ELSE {binary} END"
    return f"CASE WHEN ifnull(octet_length({value}), 0) <= {most} THEN {value} ELSE {short} END"
