"""Run tests of migrations on local databases. Sends nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations.passed_over import TESTS_FOLDER
from pulumi_d1.row_tests.local_database import LocalDatabase, offset_in, place
from pulumi_d1.sqlite.observe import OVER_BUDGET
from pulumi_d1.sqlite.statements import position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.row_tests.row_test import Check, RowTest
    from pulumi_d1.sqlite.execute import SQLValue
    from pulumi_d1.sqlite.statements import Statement


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a test failed.

    Attributes:
        file: The test or the migration, as a path inside the migrations folder.
        line: Line in the file, from 1.
        column: Column in the line, in characters, from 1.
        message: One line, without values of rows.
    """

    file: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class RowTestResult:
    """The result of one test.

    Attributes:
        name: The name of the test's file.
        failure: Why it failed; None if it passed.
    """

    name: str
    seconds: float
    failure: Failure | None


class _FailedError(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def run_tests(
    migrations: Sequence[Migration],
    tests: Sequence[RowTest],
    table: str,
    _rows: Iterable[str] = (),
    watch: Callable[[str], None] = lambda _name: None,
) -> tuple[RowTestResult, ...]:
    """Run tests, each on a database of its own, and return their results in the order of the migrations.

    Args:
        migrations: The folder, in order.
        table: The name of the ledger.
        watch: Called with the name of each test before it runs.
    """
    results: list[RowTestResult] = []
    database, broken = LocalDatabase(table), None
    for migration in migrations:
        for test in tests:
            if test.migration == migration.name:
                watch(test.name)
                started = time.perf_counter()
                failure = broken or _run(database.copy(), migration, test)
                results.append(RowTestResult(test.name, time.perf_counter() - started, failure))
        if broken is None:
            broken = _migrate(database, migration)
    return tuple(results)


def _run(database: LocalDatabase, migration: Migration, test: RowTest) -> Failure | None:
    try:
        for statement in test.rows:
            _statement(database, test, statement)
        if failure := _migrate(database, migration):
            return failure
        for check in test.checks:
            _check(database, test, check)
    except _FailedError as error:
        return error.failure
    return None


def _migrate(database: LocalDatabase, migration: Migration) -> Failure | None:
    try:
        database.migrate(migration)
    except SqlError as error:
        return Failure(migration.name, *place(migration, error), _refusal(error))
    return None


def _statement(database: LocalDatabase, test: RowTest, statement: Statement) -> tuple[tuple[SQLValue, ...], ...] | None:
    """Return the rows of a statement; None if it is not one that returns rows."""
    try:
        result = database.run(statement.text)
    except SqlError as error:
        raise _failed(test, statement, _refusal(error), offset_in(statement.text, error)) from error
    return result.rows if result.columns else None


def _check(database: LocalDatabase, test: RowTest, check: Check) -> None:
    statement = check.statement
    if check.refusal is not None:
        try:
            database.run(statement.text)
        except SqlError as error:
            if check.refusal not in str(error):
                raise _failed(test, statement, f"is refused with another error: {error}") from error
            return
        raise _failed(test, statement, "is not refused")
    rows = _statement(database, test, statement)
    if rows == ():
        raise _failed(test, statement, "returns no row: SELECT a comparison, such as SELECT count(*) = 0 FROM users")
    for number, row in enumerate(rows or (), start=1):
        for column, value in enumerate(row, start=1):
            if not (isinstance(value, int | float) and value):
                raise _failed(test, statement, f"column {column} of row {number} is {_kind(value)}")


def _refusal(error: SqlError) -> str:
    is_over = isinstance(error.__cause__, OVER_BUDGET)
    return (
        "the time or the memory of the tests is used up: see rehearsalBudget"
        if is_over
        else f"D1 refuses this: {error}"
    )


def _kind(value: SQLValue) -> str:
    if value is None:
        return "NULL, not true"
    return "not true" if isinstance(value, int | float) else "a text, not true: compare it with what it should be"


def _failed(test: RowTest, statement: Statement, message: str, inside: int = 0) -> _FailedError:
    line, column = position(test.sql, statement.offset + inside)
    return _FailedError(Failure(f"{TESTS_FOLDER}/{test.name}", line, column, message))
