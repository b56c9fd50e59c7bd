"""A SQLite connection under D1's rules: what it may do, call, and how large things may get.

The rules are those of workerd's sqlite.c++ (its authorizer, its lists of functions and PRAGMAs, and the limits it
sets) and of Cloudflare's page on D1's limits. tests/sqlite compares them with workerd itself, and lists in
differences.toml what cannot be had here, most of it because APSW's SQLite is compiled with other options.

workerd's BUILD.sqlite3 does not set SQLITE_DQS, so D1 takes a double-quoted word that names no column as a string.
APSW's default is the same; it is set here all the same, so that it stays so.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.authorizer import MODULES, is_allowed, is_open_name
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRANSACTION_REFUSED: Final = (
    "To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs "
    "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because it will "
    "automatically roll back on exceptions, and because it interacts correctly with Durable Objects' automatic atomic "
    "write coalescing."
)
"""The service's answer to BEGIN, COMMIT, ROLLBACK and SAVEPOINT, word for word (workerd's sql.c++)."""

# All from workerd's sqlite.c++, with two doubts. Cloudflare's limits page has 2,000,000 bytes for a value and for a
# row; the tenth above is for what SQLite adds to them, as in earlier versions of workerd, where the one of today stops
# at 8,388,642. And the operations of a compiled statement are inferred: 161,986 pass in workerd, 185,126 do not.
_LIMITS: Final = {
    apsw.SQLITE_LIMIT_LENGTH: 2_200_000,
    apsw.SQLITE_LIMIT_SQL_LENGTH: MAX_STATEMENT_BYTES,
    apsw.SQLITE_LIMIT_COLUMN: 100,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 100,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    apsw.SQLITE_LIMIT_VDBE_OP: 250_000,
    apsw.SQLITE_LIMIT_FUNCTION_ARG: 127,
    apsw.SQLITE_LIMIT_ATTACHED: 0,
    apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    apsw.SQLITE_LIMIT_VARIABLE_NUMBER: 100,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
    apsw.SQLITE_LIMIT_WORKER_THREADS: 0,
}

_SWITCHES: Final = {
    apsw.SQLITE_DBCONFIG_DEFENSIVE: 1,
    apsw.SQLITE_DBCONFIG_ENABLE_FKEY: 1,
    apsw.SQLITE_DBCONFIG_DQS_DML: 1,
    apsw.SQLITE_DBCONFIG_DQS_DDL: 1,
}

# The PRAGMAs that a script may set and that SQLite would keep after its transaction. D1's last no longer than that
# (Cloudflare's docs on PRAGMA statements). foreign_keys cannot change inside a transaction, and defer_foreign_keys
# ends with one by itself.
_RESET: Final = """
    PRAGMA case_sensitive_like = OFF;
    PRAGMA ignore_check_constraints = OFF;
    PRAGMA legacy_alter_table = OFF;
    PRAGMA recursive_triggers = OFF;
    PRAGMA reverse_unordered_selects = OFF;
"""


def open_database(path: Path | str) -> apsw.Connection:
    """Open a database file, or ":memory:", under D1's rules; the file is created where there is none.

    Raises:
        apsw.Error: the file cannot be opened, or is not a database.
    """
    connection = apsw.Connection(str(path))
    apply_rules(connection)
    return connection


def apply_rules(connection: apsw.Connection) -> None:
    """Put an open connection under D1's rules, for good. `trusted` lifts the authorizer for a moment."""
    for switch, value in _SWITCHES.items():
        connection.config(switch, value)
    for limit, value in _LIMITS.items():
        connection.limit(limit, value)
    connection.drop_modules(MODULES)
    # Until a connection has prepared a SELECT, SQLite leaves the offset out of some errors.
    connection.execute("SELECT 1")
    connection.authorizer = _authorize


@contextmanager
def trusted(connection: apsw.Connection) -> Iterator[None]:
    """Lift the authorizer, for statements of our own: BEGIN and COMMIT, PRAGMAs off the list, `_cf_` tables.

    Execute such statements with `can_cache=False`: a user's statement of the same text must not find one prepared.
    (SQLite also expires prepared statements when an authorizer is set, but does not promise to.)
    """
    rules = connection.authorizer
    connection.authorizer = None
    try:
        yield
    finally:
        connection.authorizer = rules


def reset_pragmas(connection: apsw.Connection) -> None:
    """Undo what PRAGMAs of a script have set. To be called after its transaction."""
    with trusted(connection):
        connection.execute(_RESET, can_cache=False)


def reserved_names(connection: apsw.Connection) -> frozenset[str]:
    """List what there is under names that are kept for the service."""
    with trusted(connection):
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema", can_cache=False)]
    return frozenset(name for name in names if not is_open_name(name))


def _authorize(action: int, first: str | None, second: str | None, database: str | None, _trigger: str | None) -> int:
    # workerd answers these two with an exception of its own, not with SQLITE_AUTH. APSW hands it on to the caller.
    if action in {apsw.SQLITE_TRANSACTION, apsw.SQLITE_SAVEPOINT}:
        raise SqlError(TRANSACTION_REFUSED)
    return apsw.SQLITE_OK if is_allowed(action, first, second, database) else apsw.SQLITE_DENY
