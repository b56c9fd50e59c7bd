"""Runs scripts on a connection of `sandbox`, as D1 runs one request: in one transaction, all statements or none."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.sandbox import reserved_names, reset_pragmas, trusted
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, first_word, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SQLValue: TypeAlias = "str | int | float | bytes | None"
"""What SQLite stores: TEXT, INTEGER (64 bits), REAL, BLOB, NULL."""

_NO_STATEMENT: Final = "SQL code did not contain a statement."
_KEEPS_SCHEMA: Final = frozenset({"insert", "replace", "update", "delete"})
_MOST_BYTES: Final = 4  # of a character in UTF-8
_PRIMARY_CODE: Final = 0xFF  # the low byte of SQLite's extended result codes


@dataclass(frozen=True, slots=True)
class Query:
    """SQL text to run: one statement with its parameters, or a script without any.

    Attributes:
        sql: one or more statements.
        params: values for the placeholders, in their order; empty where there are several statements.
    """

    sql: str
    params: tuple[SQLValue, ...] = ()


@dataclass(frozen=True, slots=True)
class StatementResult:
    """What one statement gave.

    Attributes:
        columns: names in order, duplicates kept; empty for a statement that returns no rows.
        rows: one tuple for each row, as wide as `columns`.
        changes: rows inserted, updated or deleted, those of its triggers included.
        last_row_id: rowid of the last insert on this connection; 0 before the first.
        changed_schema: whether the statement changed the schema.
        rows_read: an approximation: the rows returned. The service counts every row that it had to look at.
        rows_written: an approximation: `changes`. The service also counts the writes to indexes.
        duration_ms: time in SQLite, in milliseconds.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[SQLValue, ...], ...]
    changes: int
    last_row_id: int
    changed_schema: bool
    rows_read: int
    rows_written: int
    duration_ms: float

    @property
    def changed_db(self) -> bool:
        """Whether the statement changed rows or the schema."""
        return self.changes > 0 or self.changed_schema


def run_script(connection: apsw.Connection, sql: str, params: Sequence[SQLValue] = ()) -> tuple[StatementResult, ...]:
    """Run all statements of a script in one transaction.

    Args:
        connection: from `sandbox.open_database`, with no transaction open.
        sql: one or more statements.
        params: values for the placeholders of the one statement.

    Returns:
        one result for each statement, in order.

    Raises:
        SqlError: a statement, or the commit, was refused; nothing of the script has taken effect. Its text is D1's.
    """
    return run_batch(connection, [Query(sql, tuple(params))])


def run_batch(connection: apsw.Connection, batch: Sequence[Query]) -> tuple[StatementResult, ...]:
    """Run several queries in one transaction: `run_script`, with parameters for each of them.

    Returns:
        one result for each statement of each query, in order.

    Raises:
        SqlError: as for `run_script`; its `statement` counts through the whole batch.
    """
    pieces = [piece for query in batch for piece in _pieces(query)]
    with transaction(connection) as run:
        return tuple(run(index, piece) for index, piece in enumerate(pieces))


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[Callable[[int, Query], StatementResult]]:
    """One request: all that runs in the block takes effect when it ends, or nothing when an error leaves it.

    Gives what runs one statement, from its 0-based place in the request, for its errors, and its text.

    Raises:
        SqlError: the commit was refused; so may each statement be.
    """
    try:
        with trusted(connection):
            connection.execute("BEGIN", can_cache=False)
        yield partial(_run, connection)
        _commit(connection)
    finally:
        if connection.in_transaction:
            with trusted(connection):
                connection.execute("ROLLBACK", can_cache=False)
        reset_pragmas(connection)


def _pieces(query: Query) -> list[Query]:
    statements = split(query.sql)
    if not statements:
        raise SqlError(_NO_STATEMENT)
    if query.params and len(statements) > 1:
        raise SqlError("params with multiple statements is not supported")
    if len(statements) == 1:
        return [query]  # with its comments: they count for the length, and for the offsets of errors
    return [Query(statement.text) for statement in statements]


def _run(connection: apsw.Connection, index: int, query: Query) -> StatementResult:
    """Run one statement. Raises SqlError with the statement's index.

    Args:
        connection: with a transaction open.
        index: of the statement, for its errors.
        query: the one statement.
    """
    columns: tuple[str, ...] = ()
    readonly = True
    sql, nul, _ = query.sql.partition("\0")  # workerd stops there too, and then misses the statement in the rest

    def inspect(cursor: apsw.Cursor, _sql: str, _bindings: apsw.Bindings | None) -> bool:
        # Called once the statement is prepared: afterwards a statement without rows has no description left.
        nonlocal columns, readonly
        columns = tuple(name for name, *_ in cursor.get_description())
        readonly = cursor.is_readonly
        return True

    _check_length(sql, index)
    first = first_word(sql)
    # ALTER TABLE alone does not tell SQLite's authorizer the new name.
    reserved = reserved_names(connection) if first == "alter" else None
    try:
        schema = None if first in _KEEPS_SCHEMA else _schema_version(connection)
        changes = connection.total_changes()
        cursor = connection.cursor()
        cursor.exec_trace = inspect
        started = time.perf_counter()
        # A cached statement would name the columns of a table as they were before the last ALTER TABLE.
        rows = tuple(cursor.execute(sql, query.params or None, can_cache=False).fetchall())
        duration_ms = (time.perf_counter() - started) * 1000
    except SqlError as error:  # the authorizer's, about transactions
        raise _refusal(_syntax_error(connection, sql) or error, index) from error
    except (apsw.Error, ValueError, OverflowError) as error:
        raise _refusal(error, index) from error
    if nul:
        raise SqlError(_NO_STATEMENT, statement=index)
    changes = connection.total_changes() - changes
    changed_schema = schema is not None and not readonly and _schema_version(connection) != schema
    if changed_schema and reserved is not None and not reserved_names(connection) <= reserved:
        raise SqlError("not authorized: SQLITE_AUTH", statement=index)
    return StatementResult(
        columns=columns,
        rows=rows,
        changes=changes,
        last_row_id=connection.last_insert_rowid(),
        changed_schema=changed_schema,
        rows_read=len(rows),
        rows_written=changes,
        duration_ms=duration_ms,
    )


def _check_length(sql: str, index: int) -> None:
    # SQLite has this text too, but APSW asks in a way that gets the vaguer "string or blob too big".
    if len(sql) * _MOST_BYTES > MAX_STATEMENT_BYTES and len(sql.encode()) > MAX_STATEMENT_BYTES:
        raise SqlError("statement too long: SQLITE_TOOBIG", statement=index)


def _syntax_error(connection: apsw.Connection, sql: str) -> apsw.Error | None:
    """Find what SQLite itself has against a statement about transactions: where there is something, D1 says that."""
    cursor = connection.cursor()
    cursor.exec_trace = lambda _cursor, _sql, _bindings: False  # prepare, and go no further
    try:
        with trusted(connection):
            cursor.execute(sql, can_cache=False)
    except apsw.ExecTraceAbort:
        return None
    except apsw.Error as error:
        return error
    return None


def _schema_version(connection: apsw.Connection) -> int:
    with trusted(connection):
        [(version,)] = connection.execute("PRAGMA schema_version", can_cache=False)
    return int(version)


def _commit(connection: apsw.Connection) -> None:
    """End the transaction. Deferred foreign keys are checked only here, so this too can be refused."""
    try:
        with trusted(connection):
            # ANALYZE makes this table here and not on the service, whose SQLite lacks SQLITE_ENABLE_STAT4.
            connection.execute("DROP TABLE IF EXISTS sqlite_stat4", can_cache=False)
            connection.execute("COMMIT", can_cache=False)
    except apsw.Error as error:
        raise _refusal(error, None) from error


def _refusal(error: Exception, index: int | None) -> SqlError:
    """Give an exception of APSW's, or of ours, the text that D1 would give it."""
    if isinstance(error, SqlError):
        return SqlError(str(error), statement=index)
    if isinstance(error, apsw.BindingsError):
        # APSW counts before SQLite can; the text is that of workerd's sqlite.c++.
        return SqlError("Wrong number of parameter bindings for SQL query.", statement=index)
    if not isinstance(error, apsw.Error):
        # Lone surrogates, integers above 64 bits, bytes that are no UTF-8: none of these is an error of the service,
        # which has other characters in their place, or other numbers.
        return SqlError(f"{error}: SQLITE_ERROR", statement=index)
    # APSW documents both attributes; its type stubs lack them.
    code = apsw.mapping_result_codes[error.result & _PRIMARY_CODE]  # type: ignore[attr-defined]
    extended = apsw.mapping_extended_result_codes.get(error.extendedresult)  # type: ignore[attr-defined]
    position: int = error.error_offset  # type: ignore[attr-defined]
    offset = position if position >= 0 else None
    at = "" if offset is None else f" at offset {offset}"
    detail = f" (extended: {extended})" if extended else ""
    return SqlError(f"{error}{at}: {code}{detail}", statement=index, offset=offset)
