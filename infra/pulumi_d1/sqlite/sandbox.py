"""SQLite connections under D1's rules: authorizer, functions, PRAGMAs and limits.

The rules are those of workerd's sqlite.c++ and of Cloudflare's page on D1's limits. Tests compare them with workerd
itself. tests/support/sqlite/differences.toml lists what cannot be the same here, mostly because APSW's SQLite is
compiled with other options.

workerd's BUILD.sqlite3 does not set SQLITE_DQS, so D1 reads a double-quoted word that names no column as a string.
That is also APSW's default. It is set explicitly so that it cannot change.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.authorizer import MODULES, is_allowed
from pulumi_d1.sqlite.names import is_reserved_name
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

# From workerd's sqlite.c++, apart from LENGTH and VDBE_OP.
_LIMITS: Final = {
    # Cloudflare documents 2,000,000 bytes for a value and a row. The rest is for what SQLite adds, as in earlier
    # versions of workerd. Today's workerd stops at 8,388,642.
    apsw.SQLITE_LIMIT_LENGTH: 2_200_000,
    apsw.SQLITE_LIMIT_SQL_LENGTH: MAX_STATEMENT_BYTES,
    apsw.SQLITE_LIMIT_COLUMN: 100,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 100,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    apsw.SQLITE_LIMIT_VDBE_OP: 250_000,  # inferred: in workerd 161,986 pass and 185,126 do not
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

# PRAGMAs that a script may set and that SQLite keeps after the transaction, unlike D1 (Cloudflare's docs on PRAGMA
# statements). foreign_keys cannot change in a transaction, and defer_foreign_keys ends with it.
_RESET: Final = """
    PRAGMA case_sensitive_like = OFF;
    PRAGMA ignore_check_constraints = OFF;
    PRAGMA legacy_alter_table = OFF;
    PRAGMA recursive_triggers = OFF;
    PRAGMA reverse_unordered_selects = OFF;
"""


def open_database(path: Path | str) -> apsw.Connection:
    """Open a database file or ":memory:" under D1's rules. Create the file if it does not exist.

    Raises:
        apsw.Error: The file cannot be opened or is not a database.
    """
    connection = apsw.Connection(str(path))
    apply_rules(connection)
    return connection


def apply_rules(connection: apsw.Connection) -> None:
    """Apply D1's rules to an open connection."""
    for switch, value in _SWITCHES.items():
        connection.config(switch, value)
    for limit, value in _LIMITS.items():
        connection.limit(limit, value)
    connection.drop_modules(MODULES)
    # SQLite leaves the offset out of some errors until the connection has prepared a SELECT.
    connection.execute("SELECT 1")
    connection.authorizer = _authorize


@contextmanager
def trusted(connection: apsw.Connection) -> Iterator[None]:
    """Remove the authorizer in the block, for our own statements: BEGIN, COMMIT, other PRAGMAs, `_cf_` tables.

    Run them with `can_cache=False`, so that a user's statement with the same text is prepared and checked again.
    (SQLite also expires prepared statements when an authorizer is set, but does not guarantee it.)
    """
    rules = connection.authorizer
    connection.authorizer = None
    try:
        yield
    finally:
        connection.authorizer = rules


def reset_pragmas(connection: apsw.Connection) -> None:
    """Reset the PRAGMAs that a script may have set. Call this after its transaction."""
    with trusted(connection):
        connection.execute(_RESET, can_cache=False)


def reserved_names(connection: apsw.Connection) -> frozenset[str]:
    """Return the names of tables and other objects that are reserved for D1."""
    with trusted(connection):
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema", can_cache=False)]
    return frozenset(name for name in names if is_reserved_name(name))


def _authorize(action: int, first: str | None, second: str | None, database: str | None, _trigger: str | None) -> int:
    # workerd answers these two with its own error instead of SQLITE_AUTH. APSW passes the exception to the caller.
    if action in {apsw.SQLITE_TRANSACTION, apsw.SQLITE_SAVEPOINT}:
        raise SqlError(TRANSACTION_REFUSED)
    return apsw.SQLITE_OK if is_allowed(action, first, second, database) else apsw.SQLITE_DENY
