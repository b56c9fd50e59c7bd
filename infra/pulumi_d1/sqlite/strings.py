"""Find words in double quotes that SQLite reads as strings, because they name no column.

SQLite itself answers: the statement is prepared once more with such strings switched off.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.sqlite.execute import prepare_error
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.observation import StringName
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NO_COLUMN: Final = re.compile(r'no such column: "?(.+?)"?(?: - should this be a string literal in single-quotes\?)?')
_COLUMN: Final = """
    SELECT 1 FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND lower(c.name) = ?
"""
_MAX_STRINGS: Final = 50  # in one statement
_MAX_COLUMNS: Final = 5


def find_string(connection: apsw.Connection, sql: str, columns: Iterable[str]) -> StringName | None:
    """Return the first word in double quotes that is a string where a column could be; None if there is none.

    A string where no column could be, as in VALUES ("a"), is what the author meant.

    Args:
        sql: A statement that can be prepared.
        columns: Columns that the statement reads. Empty names are ignored.
    """
    # In backticks, because a name in double quotes may be read as a string.
    known = sorted(filter(None, columns))[:_MAX_COLUMNS]
    names = ["rowid", *(f"`{column.replace('`', '``')}`" for column in known)]
    for _ in range(_MAX_STRINGS if '"' in sql else 0):
        with without_strings(connection):
            match = _NO_COLUMN.fullmatch(str(prepare_error(connection, sql) or ""))
        word = quoted(match[1]) if match else ""
        at = sql.find(word) if word else -1
        if not match or at < 0:
            return None
        before, after = sql[:at], sql[at + len(word) :]
        if any(_is_column(prepare_error(connection, before + name + after)) for name in names):
            return StringName(match[1], at, _exists(connection, match[1]))
        sql = f"{before}'{word[1:-1]}'{after}"  # of the same length
    return None


def find_string_inside(connection: apsw.Connection, sql: str, uses: Iterable[str]) -> StringName | None:
    """Return the first such word of a view or trigger, which SQLite reads only when it is used.

    Args:
        sql: The CREATE statement, which ran.
        uses: Statements that use the view or trigger.
    """
    for use in uses:
        with without_strings(connection):
            match = _NO_COLUMN.fullmatch(str(prepare_error(connection, use) or ""))
        if match and (at := sql.find(quoted(match[1]))) >= 0:
            return StringName(match[1], at, _exists(connection, match[1]))
    return None


@contextmanager
def without_strings(connection: apsw.Connection) -> Iterator[None]:
    """Read no word in double quotes as a string in the block."""
    switches = (apsw.SQLITE_DBCONFIG_DQS_DML, apsw.SQLITE_DBCONFIG_DQS_DDL)
    for switch in switches:
        connection.config(switch, 0)
    try:
        yield
    finally:
        for switch in switches:
            connection.config(switch, 1)


def _is_column(error: apsw.Error | None) -> bool:
    """Return whether a statement accepts a column at a place, from its error with one there."""
    return error is None or str(error).startswith("ambiguous column name")


def _exists(connection: apsw.Connection, column: str) -> bool:
    with trusted(connection):
        return bool(connection.execute(_COLUMN, (fold(column),), can_cache=False).fetchall())
