"""The database's own rows as statements for a local copy: all of them, or a sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.rehearsal.rows.options import Basis, BasisKind, RowsMode
from pulumi_d1.migrations.rehearsal.rows.sample import read_sample
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.probe import failing_statements
from pulumi_d1.sqlite.references import references
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted
from pulumi_d1.sqlite.storage import RowSource
from pulumi_d1.tables.insert import create_pieces_table, insert_statements, pieces_table_name
from pulumi_d1.tables.literal import SEPARATOR
from pulumi_d1.tables.plan import (
    SEQUENCES_SQL,
    full_text_options_sql,
    full_text_statements,
    plan_copy,
    rebuild_statement,
    sequence_statements,
)
from pulumi_d1.tables.reader import TableReader

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from pulumi_d1.cloudflare.database import Row
    from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
    from pulumi_d1.sqlite.schema import SchemaObject
    from pulumi_d1.sqlite.storage import Storage
    from pulumi_d1.tables.plan import CopyPlan
    from pulumi_d1.tables.reader import ReadsRows

_PROBES: Final = 3
_PROBE_IDS: Final = 100
"""Ids that are tried, in three places of a table, to estimate how many of its ids are in use."""

_ESTIMATE_MARGIN: Final = 1.05
"""An estimate above the limit by this factor is believed. Below it, the rows are read, and the limit stops the read."""


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The smallest and largest id of a table."""

    lowest: int
    highest: int

    @property
    def most_rows(self) -> int:
        return self.highest - self.lowest + 1


@dataclass(slots=True)
class _RowReader:
    """Reads the rows of a database for a local copy.

    Attributes:
        tables: The tables whose rows are read.
        indexes: The full-text indexes over the rows of other tables.
        filled: Number of rows in the local copy, by table.
    """

    reader: TableReader
    plan: CopyPlan
    options: RehearsalOptions
    tables: tuple[Storage, ...]
    indexes: tuple[Storage, ...]
    pieces: str
    filled: dict[str, int] = field(default_factory=dict)
    bounds: dict[str, _Bounds] = field(default_factory=dict)
    full_text: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    sequences: tuple[Row, ...] = ()

    def read_bounds(self) -> None:
        """Read what is small, in one request: size and ids, full-text options, and sequences."""
        with_ids = [storage for storage in self.tables if storage.has_rowid]
        statements = list(_bounds_statements(with_ids))
        count = len(statements)
        statements += map(full_text_options_sql, self.plan.full_text_tables)
        statements += [SEQUENCES_SQL] if self.plan.counting_tables else []
        answers = list(self.reader.query_all(statements or ["SELECT 1"]))
        for row in (row for rows in answers[:count] for row in rows):
            name = with_ids[int(row["place"])].table
            self.bounds[name] = _Bounds(int(row["low"]), int(row["high"])) if row["low"] is not None else _Bounds(1, 0)
        for storage, rows in zip(self.plan.full_text_tables, answers[count:], strict=False):
            self.full_text[storage.table] = rows
        self.sequences = answers[-1] if self.plan.counting_tables else ()

    def is_small(self) -> bool:
        """Return whether the database is within the limit, as far as a few rows show."""
        if self.reader.size > self.options.max_bytes:
            return False
        if sum(bounds.most_rows for bounds in self.bounds.values()) <= self.options.max_rows:
            return True
        return self._estimate() <= self.options.max_rows * _ESTIMATE_MARGIN

    def _estimate(self) -> float:
        """Estimate the rows from the share of ids in use. Ids that are spread over the whole range count nothing."""
        asked: list[tuple[_Bounds, str]] = []
        total = 0.0
        for storage in self.tables:
            bounds = self.bounds.get(storage.table, _Bounds(1, 0))
            if bounds.most_rows <= _PROBES * _PROBE_IDS:
                total += bounds.most_rows
            else:
                asked += [(bounds, sql) for sql in _probe_statements(storage, bounds)]
        for (bounds, _), [row] in zip(asked, self.reader.query_all([sql for _, sql in asked]), strict=True):
            total += bounds.most_rows * int(row["used"]) / _PROBE_IDS / _PROBES
        return total

    def all_rows(self, limit: int | None) -> Generator[str, None, bool]:
        """Yield the INSERTs of all rows, and return False if there are more rows than the limit."""
        most_rows = {name: bounds.most_rows for name, bounds in self.bounds.items()}
        for storage, rows in self.reader.read_tables(self.tables, most_rows, None if limit is None else limit + 1):
            self.filled[storage.table] = self.filled.get(storage.table, 0) + len(rows)
            if limit is not None and sum(self.filled.values()) > limit:
                return False
            yield from insert_statements(storage, rows, self.pieces)
        return True

    def sampled_rows(self, objects: Sequence[SchemaObject]) -> Iterator[str]:
        """Yield the statements that empty the local copy and insert a sample."""
        yield from (f"DELETE FROM {quoted(name)};" for name in self.filled)
        self.filled.clear()
        storages = [storage for storage in self.tables if _can_sample(storage)]
        sample = read_sample(self.reader, storages, references(objects), self.options.max_rows)
        for storage in storages:
            if rows := sample.rows.get(fold(storage.table)):
                self.filled[storage.table] = len(rows)
                # A value that was cut or set to NULL may violate a constraint.
                yield from insert_statements(
                    storage, map(SEPARATOR.join, rows.values()), self.pieces, "INSERT OR IGNORE"
                )

    def other_statements(self, ledger: str) -> Iterator[str]:
        """Yield what follows the rows: full-text indexes and sequences."""
        yield from (rebuild_statement(storage) for storage in self.indexes)
        for storage in self.plan.full_text_tables:
            yield from full_text_statements(storage, self.full_text[storage.table])
        counting = {name for name in self.plan.counting_tables if fold(name) != fold(ledger)}
        yield from sequence_statements(counting, self.sequences)


def read_rows(
    database: ReadsRows, objects: Sequence[SchemaObject], table: str, options: RehearsalOptions
) -> Generator[str, None, Basis]:
    """Yield statements that put the database's rows into a local copy, and return what they are.

    Each statement runs alone, on a database that has the complete schema, while triggers and foreign keys are off.

    Args:
        objects: The live schema.
        table: The ledger, whose rows are not read.
        options: Its `rows` is not MADE: then no row may be read.

    Raises:
        ApiError: The database cannot be read, or it changed meanwhile.
        SqlError: This SQLite cannot create one of the objects.
    """
    plan = plan_copy(objects)
    own = [storage for storage in plan.row_tables if fold(storage.table) != fold(table)]
    indexes = [storage for storage in plan.storages if storage.rows is RowSource.EXTERNAL_CONTENT]
    # The table that an index is about may be gone or have other columns, on D1 too.
    failing = failing_statements(objects, map(rebuild_statement, indexes)) if indexes else ()
    usable = [storage for storage in indexes if rebuild_statement(storage) not in failing]
    pieces = pieces_table_name(item.name for item in objects)
    keyed = tuple(storage for storage in own if storage.key)
    rows = _RowReader(TableReader(database), plan, options, keyed, tuple(usable), pieces)
    unread = [storage.table for storage in (*own, *indexes) if storage not in {*keyed, *usable}]
    yield create_pieces_table(pieces)
    rows.read_bounds()
    whole = options.rows is RowsMode.LIVE or (options.rows is RowsMode.AUTO and rows.is_small())
    if whole:
        whole = yield from rows.all_rows(None if options.rows is RowsMode.LIVE else options.max_rows)
    if not whole:
        yield from rows.sampled_rows(objects)
        unread += [storage.table for storage in rows.tables if not _can_sample(storage)]
    yield from rows.other_statements(table)
    yield f"DROP TABLE {quoted(pieces)};"
    return Basis(
        BasisKind.LIVE if whole else BasisKind.SAMPLE,
        rows=sum(rows.filled.values()),
        tables=len(rows.filled),
        rows_read=rows.reader.rows_read,
        size=rows.reader.size,
        unread=(*unread, *plan.contentless_tables),
    )


def _can_sample(storage: Storage) -> bool:
    """Return whether the first and last rows can be found without a scan: an R*Tree is not sorted by its ids."""
    return storage.module in {"", "fts5"}


def _bounds_statements(tables: Iterable[Storage]) -> Iterator[str]:
    """Yield SQL for the smallest and the largest id of tables, as text, with the table's place."""
    values: list[str] = []
    size = 0
    for place, storage in enumerate(tables):
        low, high = (
            f"(SELECT CAST({name}({storage.key[0]}) AS TEXT) FROM {quoted(storage.table)})" for name in ("min", "max")
        )
        value = f"({place}, {low}, {high})"
        if size + len(value.encode()) > MAX_STATEMENT_BYTES // 2:
            yield _values_sql(values)
            values, size = [], 0
        values.append(value)
        size += len(value.encode()) + len(", ")
    if values:
        yield _values_sql(values)


def _values_sql(values: Iterable[str]) -> str:
    return f"SELECT column1 AS place, column2 AS low, column3 AS high FROM (VALUES {', '.join(values)})"


def _probe_statements(storage: Storage, bounds: _Bounds) -> Iterator[str]:
    """Yield SQL for the number of ids in use in each place of a table."""
    for number in range(1, _PROBES + 1):
        start = bounds.lowest + bounds.most_rows * number // (_PROBES + 1)
        between = f"{storage.key[0]} BETWEEN {start} AND {start + _PROBE_IDS - 1}"
        yield f"SELECT count(*) AS used FROM {quoted(storage.table)} WHERE {between}"
