"""A database as SQL text, statement by statement, in the service's order and spelling.

It follows the dump of Cloudflare's local D1 (miniflare's dumpSql), quirks included:

- `no_schema` leaves out the DELETE that empties sqlite_sequence, but not its rows.
- `tables` leaves out the indexes of the named tables, unless they are named too.
- Each table's rows come before the next table. Rows that refer to a later table do not load again (workers-sdk issues
  5683 and 9349).

It differs in what else would not load again, or would load as something else:

- INSTEAD OF triggers follow their views.
- Integers of 64 bits and whole REALs keep their type and digits.
- A line break is escaped only if the text does not contain the escape already.

Neither can dump a row whose INSERT is longer than a statement may be. APSW's shell has a dump too, but with
transactions and PRAGMAs that an import refuses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import apsw

from pulumi_d1.errors import D1Error
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.sqlite.execute import SQLValue

_TABLES: Final = """
    SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT NULL
    ORDER BY rowid
"""
_REST: Final = """
    SELECT name, sql FROM sqlite_schema AS o WHERE sql NOT NULL AND type IN ('index', 'trigger', 'view')
    ORDER BY type = 'trigger' AND EXISTS (
        SELECT 1 FROM sqlite_schema AS v WHERE v.type = 'view' AND v.name = o.tbl_name COLLATE NOCASE
    ), type
"""
_SEQUENCE: Final = "sqlite_sequence"
_QUOTED_TABLE: Final = re.compile(r"CREATE TABLE (?=['\"])")


class DumpRefused(D1Error):
    """The database cannot be exported. The text is the service's."""


@dataclass(frozen=True, slots=True)
class DumpOptions:
    """The parts of a database to dump.

    Attributes:
        schema: True to dump the CREATE statements.
        data: True to dump the rows.
        tables: The names of the tables, indexes, triggers and views to dump; empty for all.
    """

    schema: bool = True
    data: bool = True
    tables: frozenset[str] = frozenset()

    def includes(self, name: str) -> bool:
        """Return whether to dump a table, index, trigger or view."""
        return not self.tables or name in self.tables


def dump(connection: apsw.Connection, options: DumpOptions) -> Iterator[str]:
    """Yield the statements of a database that does not change meanwhile, each with its semicolon.

    The connection must allow reading everything except `_cf_` tables.

    Raises:
        DumpRefused: A table to dump is virtual.
    """
    yield "PRAGMA defer_foreign_keys=TRUE;"
    tables = [(name, sql) for name, sql in _rows(connection, _TABLES) if options.includes(name)]
    for name, sql in tables:
        create = _create(name, sql)
        if create is None:
            continue
        if options.schema:
            yield create
        if options.data:
            yield from _inserts(connection, name)
    yield from _sequence(connection, options, [name for name, _ in tables])
    if options.schema:
        yield from (f"{sql};" for name, sql in _rows(connection, _REST) if options.includes(name))


def _create(table: str, sql: str) -> str | None:
    """Return the statement that prepares a table for its rows, or None for a table that is not dumped like others."""
    if sql.startswith("CREATE VIRTUAL TABLE"):
        raise DumpRefused("D1 Export error: cannot export databases with Virtual Tables (fts5)")
    if table.startswith("sqlite_stat"):
        return "ANALYZE sqlite_schema;"
    if table.startswith(("_cf_", "sqlite_")):
        return None
    return _QUOTED_TABLE.sub("CREATE TABLE IF NOT EXISTS ", sql, count=1) + ";"


def _sequence(connection: apsw.Connection, options: DumpOptions, tables: Sequence[str]) -> Iterator[str]:
    """Yield the last ids of AUTOINCREMENT, which come after all rows because inserting changes them."""
    if _SEQUENCE in tables:
        if options.schema:
            yield "DELETE FROM sqlite_sequence;"
        if options.data:
            yield from _inserts(connection, _SEQUENCE)


def _inserts(connection: apsw.Connection, table: str) -> Iterator[str]:
    # table_info omits generated columns, which cannot be inserted.
    columns = ",".join(quoted(row[1]) for row in _rows(connection, f"PRAGMA table_info={quoted(table)}"))
    for row in _rows(connection, f"SELECT {columns} FROM {quoted(table)}"):  # noqa: S608 - names are quoted
        yield f"INSERT INTO {quoted(table)} ({columns}) VALUES({','.join(map(_literal, row))});"


def _rows(connection: apsw.Connection, sql: str) -> Iterator[tuple[Any, ...]]:
    return iter(connection.execute(sql, can_cache=False))


def _literal(value: SQLValue) -> str:
    """Return a value as SQL that evaluates to it."""
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    literal = apsw.format_sql_value(value)
    if isinstance(value, str):
        for character, escape in (("\r", "\\r"), ("\n", "\\n")):
            if character in value and escape not in value:
                literal = f"replace({literal.replace(character, escape)},'{escape}',char({ord(character)}))"
    return literal
