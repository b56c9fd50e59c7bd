"""Local databases that the rows of another one are put into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import apsw

from d1_emulator.api.sql_endpoints import json_value
from pulumi_d1.cloudflare.database import QueryResult, Row
from pulumi_d1.migrations import live
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
from pulumi_d1.migrations.rehearsal.rows.read import read_rows
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.tables.reader import ReadsRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_d1.migrations.rehearsal.rows.options import Basis
    from pulumi_d1.sqlite.schema import SchemaObject

LEDGER = "d1_migrations"
DEFAULTS = RehearsalOptions()


class Source(live.ReadableDatabase, ReadsRows, Protocol):
    """A database whose schema and rows are read."""


@dataclass(frozen=True, slots=True)
class LocalDatabase:
    """A local database without triggers and foreign keys. Its values come as JSON, like those of D1."""

    connection: apsw.Connection

    def read(self, sql: str) -> tuple[Row, ...]:
        with trusted(self.connection):
            cursor = self.connection.execute(sql, can_cache=False)
            return tuple(
                Row(zip((name for name, *_ in cursor.get_description()), map(json_value, row), strict=True))
                for row in cursor
            )

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        return tuple(QueryResult(rows, len(rows), 0) for rows in map(self.read, statements))

    def values(self, sql: str) -> list[Any]:
        """Return the first column of a query."""
        return [next(iter(row.values())) for row in self.read(sql)]


def local_database(objects: Iterable[SchemaObject] = ()) -> LocalDatabase:
    """Return a local database with this schema."""
    connection = schema.build(objects)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 0)
    return LocalDatabase(connection)


def local_copy(database: Source, options: RehearsalOptions = DEFAULTS) -> tuple[LocalDatabase, Basis]:
    """Return a local copy of a database with its rows, as a rehearsal makes it."""
    objects = live.read_database(database, LEDGER).objects
    copy = local_database(objects)
    statements = read_rows(database, objects, LEDGER, options)
    while True:
        try:
            sql = next(statements)
        except StopIteration as end:
            return copy, end.value
        copy.connection.execute(sql, can_cache=False)
