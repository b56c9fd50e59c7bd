"""A database as SQL text, statement by statement, in the service's order and spelling.

Follows the dump of Cloudflare's own local D1 (miniflare's dumpSql), quirks included: `no_schema` leaves out the DELETE
that empties sqlite_sequence but not its rows, and `tables` leaves out the indexes of the tables it names, unless it
names them too. Where that dump would not load again, or would load as something else, this one differs: rows wait for
the tables they refer to, INSTEAD OF triggers follow their views, integers of 64 bits and whole REALs keep their type
and digits, and a line break is only escaped where the text does not hold the escape already. What neither can do is a
row whose INSERT is longer than a statement may be. (APSW's shell has a dump as well, with transactions and PRAGMAs that
an import refuses.)
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
    """What to dump.

    Attributes:
        schema: the CREATE statements.
        data: the rows.
        tables: only what has one of these names; everything where empty.
    """

    schema: bool = True
    data: bool = True
    tables: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Tell whether a table, index, trigger or view is wanted."""
        return not self.tables or name in self.tables


def dump(connection: apsw.Connection, options: DumpOptions) -> Iterator[str]:
    """Dump a database that nobody changes meanwhile.

    Args:
        connection: may read everything, `_cf_` tables excepted.
        options: what to dump.

    Yields:
        one statement after the other, with its semicolon.

    Raises:
        DumpRefused: a table that is wanted is virtual.
    """
    yield "PRAGMA defer_foreign_keys=TRUE;"
    tables = [(name, sql) for name, sql in _rows(connection, _TABLES) if options.has(name)]
    missing = {name.lower() for name, _ in tables} if options.schema else set()
    waiting = []
    for name, sql in tables:
        create = _create(name, sql)
        if create is None:
            continue
        if options.schema:
            yield create
            missing.discard(name.lower())
        if missing & _referred(connection, name):
            waiting.append(name)
        elif options.data:
            yield from _inserts(connection, name)
    if options.data:
        for name in waiting:
            yield from _inserts(connection, name)
    yield from _sequence(connection, options, [name for name, _ in tables])
    if options.schema:
        yield from (f"{sql};" for name, sql in _rows(connection, _REST) if options.has(name))


def _create(table: str, sql: str) -> str | None:
    """Give the statement that makes a table ready for its rows; None for a table that is not dumped like others."""
    if sql.startswith("CREATE VIRTUAL TABLE"):
        raise DumpRefused("D1 Export error: cannot export databases with Virtual Tables (fts5)")
    if table.startswith("sqlite_stat"):
        return "ANALYZE sqlite_schema;"
    if table.startswith(("_cf_", "sqlite_")):
        return None
    return _QUOTED_TABLE.sub("CREATE TABLE IF NOT EXISTS ", sql, count=1) + ";"


def _referred(connection: apsw.Connection, table: str) -> set[str]:
    """Name the tables to which a table's foreign keys refer. SQLite inserts no row while one of them is missing."""
    return {row[2].lower() for row in _rows(connection, f"PRAGMA foreign_key_list={quoted(table)}")}


def _sequence(connection: apsw.Connection, options: DumpOptions, tables: Sequence[str]) -> Iterator[str]:
    """Dump the last ids of AUTOINCREMENT: after all rows, which move them."""
    if _SEQUENCE in tables:
        if options.schema:
            yield "DELETE FROM sqlite_sequence;"
        if options.data:
            yield from _inserts(connection, _SEQUENCE)


def _inserts(connection: apsw.Connection, table: str) -> Iterator[str]:
    # table_info leaves generated columns out, which cannot be inserted.
    columns = ",".join(quoted(row[1]) for row in _rows(connection, f"PRAGMA table_info={quoted(table)}"))
    for row in _rows(connection, f"SELECT {columns} FROM {quoted(table)}"):  # noqa: S608 - names are quoted
        yield f"INSERT INTO {quoted(table)} ({columns}) VALUES({','.join(map(_literal, row))});"


def _rows(connection: apsw.Connection, sql: str) -> Iterator[tuple[Any, ...]]:
    return iter(connection.execute(sql, can_cache=False))


def _literal(value: SQLValue) -> str:
    """Write a value as SQL that evaluates to it."""
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    literal = apsw.format_sql_value(value)
    if isinstance(value, str):
        for character, escape in (("\r", "\\r"), ("\n", "\\n")):
            if character in value and escape not in value:
                literal = f"replace({literal.replace(character, escape)},'{escape}',char({ord(character)}))"
    return literal
