"""The contents of a database as counts and digests, to compare it with its copy."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Protocol

from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.sqlite import schema
from pulumi_d1.tables.digest import TableDigest, TableSummary
from pulumi_d1.tables.literal import SEPARATOR
from pulumi_d1.tables.plan import SEQUENCES_SQL, plan_copy
from pulumi_d1.tables.reader import ReadsRows, TableReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.sqlite.schema import SchemaObject
    from pulumi_d1.tables.plan import CopyPlan

SEQUENCES: Final = "sqlite_sequence"
"""SQLite's table of the last ids of AUTOINCREMENT, which no table of a user can be called."""

_MOST_SHOWN: Final = 5


class WholeDatabase(live.ReadableDatabase, ReadsRows, Protocol):
    """A database of which everything can be read."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A database.

    Attributes:
        schema: SHA-256 of the SQL text of each object, by type and name.
        tables: Rows of each table that is read row by row, and of SEQUENCES, by name.
    """

    schema: Mapping[str, str]
    tables: Mapping[str, TableSummary]

    @property
    def rows(self) -> int:
        """Number of rows of the tables."""
        return sum(table.rows for name, table in self.tables.items() if name != SEQUENCES)

    def differences(self, other: Contents) -> tuple[str, ...]:
        """Return what differs in another database, some of it if there is much."""
        names = sorted({*self.schema, *other.schema})
        lines = [
            f"{escape_line(name)} {_difference(self.schema.get(name), other.schema.get(name))}"
            for name in names
            if self.schema.get(name) != other.schema.get(name)
        ]
        for table in sorted({*self.tables, *other.tables}):
            mine, theirs = (contents.tables.get(table, TableSummary(0, "")) for contents in (self, other))
            if mine.rows != theirs.rows:
                lines.append(f"{escape_line(table)} has {theirs.rows:,} rows instead of {mine.rows:,}")
            elif mine != theirs:
                lines.append(f"{escape_line(table)} has other values")
        more = [f"{len(lines) - _MOST_SHOWN} more"] if len(lines) > _MOST_SHOWN else []
        return (*lines[:_MOST_SHOWN], *more)


def schema_digests(objects: Iterable[SchemaObject]) -> dict[str, str]:
    """Return the SHA-256 of each object's SQL text, by type and name."""
    return {f"{item.type} {item.name}": sha256(item.sql.encode()).hexdigest() for item in objects}


def sequence_rows(database: live.ReadableDatabase, plan: CopyPlan) -> tuple[Mapping[str, Any], ...]:
    """Return the last ids of AUTOINCREMENT."""
    if not plan.counting_tables:
        return ()
    return tuple(row for row in database.read(SEQUENCES_SQL) if row["name"] in plan.counting_tables)


def sequence_summary(rows: Sequence[Mapping[str, Any]]) -> TableSummary:
    """Return the summary of `sequence_rows`."""
    digest = TableDigest()
    digest.add(f"{row['name']}{SEPARATOR}{row['seq']}" for row in rows)
    return digest.summary


def read_contents(database: WholeDatabase) -> Contents:
    """Read everything, and keep counts and digests.

    Raises:
        D1Error: The database cannot be read; ApiError for D1.
    """
    plan = plan_copy(schema.objects_from(database.read(schema.SELECT)))
    digests = {storage.table: TableDigest() for storage in plan.row_tables}
    for storage, rows in TableReader(database).read_tables(plan.row_tables, {}):
        digests[storage.table].add(rows)
    tables = {table: digest.summary for table, digest in digests.items()}
    return Contents(
        schema_digests(plan.objects), {**tables, SEQUENCES: sequence_summary(sequence_rows(database, plan))}
    )


def _difference(mine: str | None, theirs: str | None) -> str:
    if mine and theirs:
        return "is defined otherwise"
    return "is missing" if mine else "is there in addition"
