"""Run scripts as D1 runs a request: in one transaction, all statements or none."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import apsw

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.sandbox import reserved_names, reset_pragmas, trusted
from pulumi_d1.sqlite.statements import MAX_CHARACTER_BYTES, MAX_STATEMENT_BYTES, first_word, split

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

SQLValue: TypeAlias = "str | int | float | bytes | None"
"""A value in SQLite: TEXT, INTEGER (64 bits), REAL, BLOB or NULL."""

_NO_STATEMENT: Final = "SQL code did not contain a statement."
_KEEPS_SCHEMA: Final = frozenset({"insert", "replace", "update", "delete"})
_PRIMARY_CODE_MASK: Final = 0xFF  # the low byte of SQLite's extended result codes


@dataclass(frozen=True, slots=True)
class Query:
    """SQL to run: one statement with parameters, or a script without.

    Attributes:
        params: Values for the placeholders, in order; empty if there are several statements.
    """

    sql: str
    params: tuple[SQLValue, ...] = ()


@dataclass(frozen=True, slots=True)
class StatementResult:
    """The result of one statement.

    Attributes:
        columns: Column names in order, with duplicates; empty for a statement that returns no rows.
        rows: One tuple for each row, as long as `columns`.
        changes: Rows inserted, updated or deleted, including those of triggers.
        last_row_id: Rowid of the last insert on this connection; 0 before the first.
        rows_read: Approximation: the returned rows. The service counts every row that it reads.
        rows_written: Approximation: `changes`. The service also counts writes to indexes.
        duration_ms: Time in SQLite, in milliseconds.
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
        """True if the statement changed rows or the schema."""
        return self.changes > 0 or self.changed_schema


def run_script(connection: apsw.Connection, sql: str, params: Sequence[SQLValue] = ()) -> tuple[StatementResult, ...]:
    """Run all statements of a script in one transaction.

    Args:
        connection: A connection from `sandbox.open_database`, with no transaction open.
        params: Values for the placeholders, if there is only one statement.

    Returns:
        One result for each statement, in order.

    Raises:
        SqlError: A statement or the commit was refused, so nothing has taken effect. The text is D1's.
    """
    return run_batch(connection, [Query(sql, tuple(params))])


def run_batch(connection: apsw.Connection, batch: Sequence[Query]) -> tuple[StatementResult, ...]:
    """Run several queries in one transaction, each with its own parameters.

    Returns:
        One result for each statement of each query, in order.

    Raises:
        SqlError: As for `run_script`. Its `statement` counts the statements of the whole batch.
    """
    statements = [statement for query in batch for statement in _split(query)]
    with transaction(connection) as run:
        return tuple(run(index, statement) for index, statement in enumerate(statements))


def run_by_statement(connection: apsw.Connection, sql: str) -> Generator[StatementResult, None, None]:
    """Run a script with a commit after each statement, unlike `run_batch`. Yield the result of each.

    PRAGMAs apply until the end of the script, `foreign_keys` too.

    Raises:
        SqlError: A statement was refused; those before it have taken effect.
    """
    try:
        for index, statement in enumerate(_split(Query(sql))):
            yield _run(connection, index, statement)
    finally:
        reset_pragmas(connection)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1)
        with trusted(connection):
            connection.execute("DROP TABLE IF EXISTS sqlite_stat4", can_cache=False)


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[Callable[..., StatementResult]]:
    """Commit all statements of the block at its end, or none of them if it raises an error.

    Yield the function that runs one statement. Its arguments are the 0-based index for `SqlError.statement`, the query,
    and optionally a function to call between the preparation of the statement and its first step.

    Raises:
        SqlError: The commit was refused.
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


def prepare_error(connection: apsw.Connection, sql: str) -> apsw.Error | None:
    """Return SQLite's own error for a statement that is prepared, but not run; None if it is valid SQL."""
    cursor = connection.cursor()
    cursor.exec_trace = lambda _cursor, _sql, _bindings: False  # prepare the statement, but do not run it
    try:
        with trusted(connection):
            cursor.execute(sql, can_cache=False)
    except apsw.ExecTraceAbort:
        return None
    except apsw.Error as error:
        return error
    return None


def _split(query: Query) -> list[Query]:
    statements = split(query.sql)
    if not statements:
        raise SqlError(_NO_STATEMENT)
    if query.params and len(statements) > 1:
        raise SqlError("params with multiple statements is not supported")
    if len(statements) == 1:
        return [query]  # its comments count for the length and for the offsets of errors
    return [Query(statement.text) for statement in statements]


def _run(
    connection: apsw.Connection, index: int, query: Query, prepared: Callable[[], None] = lambda: None
) -> StatementResult:
    """Run one statement in an open transaction. Call `prepared` before it. Raise SqlError with its `index`."""
    columns: tuple[str, ...] = ()
    readonly = True
    sql, nul, _ = query.sql.partition("\0")  # workerd stops there too, and then finds no statement after it

    def inspect(cursor: apsw.Cursor, _sql: str, _bindings: apsw.Bindings | None) -> bool:
        # Called once the statement is prepared. After it has run without rows, its description is gone.
        nonlocal columns, readonly
        columns = tuple(name for name, *_ in cursor.get_description())
        readonly = cursor.is_readonly
        prepared()
        return True

    _check_length(sql, index)
    first = first_word(sql)
    # SQLite's authorizer does not get the new name in an ALTER TABLE.
    reserved = reserved_names(connection) if first == "alter" else None
    try:
        schema = None if first in _KEEPS_SCHEMA else _schema_version(connection)
        changes = connection.total_changes()
        cursor = connection.cursor()
        cursor.exec_trace = inspect
        started = time.perf_counter()
        # A cached statement would have the column names from before the last ALTER TABLE.
        rows = tuple(cursor.execute(sql, query.params or None, can_cache=False).fetchall())
        duration_ms = (time.perf_counter() - started) * 1000
    except SqlError as error:  # the authorizer's: the statement is BEGIN, COMMIT or the like
        raise _d1_error(prepare_error(connection, sql) or error, index) from error
    except (apsw.Error, ValueError, OverflowError) as error:
        raise _d1_error(error, index) from error
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
    # SQLite has the same text, but through APSW it is the vaguer "string or blob too big".
    if len(sql) * MAX_CHARACTER_BYTES > MAX_STATEMENT_BYTES and len(sql.encode()) > MAX_STATEMENT_BYTES:
        raise SqlError("statement too long: SQLITE_TOOBIG", statement=index)


def _schema_version(connection: apsw.Connection) -> int:
    with trusted(connection):
        [(version,)] = connection.execute("PRAGMA schema_version", can_cache=False)
    return int(version)


def _commit(connection: apsw.Connection) -> None:
    """Commit the transaction. It can be refused, because deferred foreign keys are checked only here."""
    try:
        with trusted(connection):
            # The service's SQLite is built without SQLITE_ENABLE_STAT4, so its ANALYZE does not create this table.
            connection.execute("DROP TABLE IF EXISTS sqlite_stat4", can_cache=False)
            connection.execute("COMMIT", can_cache=False)
    except apsw.Error as error:
        raise _d1_error(error, None) from error


def _d1_error(error: Exception, index: int | None) -> SqlError:
    """Return an error with the text that D1 would have."""
    if isinstance(error, SqlError):
        return SqlError(str(error), statement=index)
    if isinstance(error, apsw.BindingsError):
        # APSW counts the parameters before SQLite does. The text is that of workerd's sqlite.c++.
        return SqlError("Wrong number of parameter bindings for SQL query.", statement=index)
    if not isinstance(error, apsw.Error):
        # Lone surrogates, integers above 64 bits, bytes that are not UTF-8: the service accepts them, but replaces them
        # with other characters or numbers.
        return SqlError(f"{error}: SQLITE_ERROR", statement=index)
    # APSW documents these attributes, but its type stubs lack them.
    code = apsw.mapping_result_codes[error.result & _PRIMARY_CODE_MASK]  # type: ignore[attr-defined]
    extended = apsw.mapping_extended_result_codes.get(error.extendedresult)  # type: ignore[attr-defined]
    position: int = error.error_offset  # type: ignore[attr-defined]
    offset = position if position >= 0 else None
    at = "" if offset is None else f" at offset {offset}"
    detail = f" (extended: {extended})" if extended else ""
    return SqlError(f"{error}{at}: {code}{detail}", statement=index, offset=offset)
