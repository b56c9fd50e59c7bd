"""Rehearse pending files on the rows of a database, in a process of its own. Only reads from Cloudflare."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_d1.errors import SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.rehearsal.counts import CountQuery, count_rows
from pulumi_d1.migrations.rehearsal.process import WORKERS, OverBudgetError
from pulumi_d1.migrations.rehearsal.rehearse import TOO_SLOW, Refusal, Rehearsal, RehearsedFile, rehearse_both
from pulumi_d1.migrations.rehearsal.rows.options import DEFAULT_REHEARSAL, Basis, BasisKind, RowsMode
from pulumi_d1.migrations.rehearsal.rows.read import read_rows
from pulumi_d1.migrations.rehearsal.rows.sample import SAMPLED_ROWS
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.observation import Step
from pulumi_d1.sqlite.statements import iter_statements, normalize_newlines, position

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
    from pulumi_d1.sqlite.schema import SchemaObject

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The results of the rehearsals.

    Attributes:
        rehearsal: The rehearsal on the rows of the database.
        elsewhere: One on generated rows, if the database has tables without rows; None if it is not needed.
    """

    rehearsal: Rehearsal
    elsewhere: Rehearsal | None = None


def collect_evidence(  # noqa: PLR0913 - a rehearsal depends on all of these
    objects: Sequence[SchemaObject],
    pending: Sequence[Migration],
    table: str,
    *,
    database: Database | None,
    kind: BasisKind = BasisKind.MADE,
    options: RehearsalOptions = DEFAULT_REHEARSAL,
) -> Evidence:
    """Rehearse the pending files.

    Args:
        objects: The live schema, including the ledger.
        pending: The files, in order.
        database: The database whose rows are read; None to read none.
        kind: The rows if none is read: generated ones, or none because the database is new.

    Raises:
        SqlError: The live schema cannot be created in the local SQLite.
        ApiError: The rows cannot be read.
    """
    if not pending:
        before = schema.read(schema.build(objects)).without(table)
        return Evidence(Rehearsal(before, before, (), Basis(BasisKind.NEW)))
    task, size = partial(rehearse_both, objects, pending, table), sum(len(migration.sql) for migration in pending)
    try:
        (rehearsal, elsewhere), basis = run_on_rows(
            task, objects, table, database=database, kind=kind, options=options, size=size
        )
    except OverBudgetError as error:
        return Evidence(_over_budget(objects, pending, table, error.basis or Basis(kind), error.at))
    except SqlError as error:
        if database is None or options.rows is RowsMode.MADE:
            raise
        # Rows that break a CHECK, which D1 has if its checks were off. Generated ones show more than no rehearsal.
        made = collect_evidence(objects, pending, table, database=None, kind=kind, options=options)
        logger.info(f"{escape_line(str(error))}; generated rows take their place")
        return made
    if database and basis.kind is not BasisKind.MADE:
        rehearsal = replace(rehearsal, basis=_counted(rehearsal, basis, database, options))
    return Evidence(rehearsal, elsewhere)


def run_on_rows(  # noqa: PLR0913 - a task depends on all of these
    task: Callable[..., T],
    objects: Sequence[SchemaObject],
    table: str,
    *,
    database: Database | None,
    kind: BasisKind = BasisKind.MADE,
    options: RehearsalOptions = DEFAULT_REHEARSAL,
    size: int = 0,
) -> tuple[T, Basis]:
    """Run a task on the rows of a database, in a process of its own.

    Args:
        task: A function that can be pickled. It gets the kind of the rows, the statements that insert them, and a
            function to call before each statement.
        objects: The live schema, including the ledger.
        database: The database whose rows are read; None to read none.
        kind: The rows if none is read: generated ones, or none because the database is new.
        size: Bytes of the files.

    Raises:
        OverBudgetError: It took longer than the budget.
        SqlError: The task raised it.
        ApiError: The rows cannot be read.
    """
    seconds = options.budget.total_seconds()
    if database is None or options.rows is RowsMode.MADE or kind is not BasisKind.MADE:
        return WORKERS.run(partial(task, kind), (), seconds, size), Basis(kind)
    if all(fold(item.table) == fold(table) for item in objects):
        return WORKERS.run(partial(task, BasisKind.LIVE), (), seconds, size), Basis(BasisKind.LIVE)
    rows = _Rows(read_rows(database, objects, table, options))
    try:
        return WORKERS.run(partial(task, BasisKind.LIVE), rows, seconds, size), rows.basis
    except OverBudgetError as error:
        raise OverBudgetError(error.at, rows.basis) from error


class _Rows:
    """Statements that insert rows, and what they are based on once all were read."""

    def __init__(self, statements: Generator[str, None, Basis]) -> None:
        self._statements = statements
        self.basis = Basis(BasisKind.LIVE)

    def __iter__(self) -> Iterator[str]:
        self.basis = yield from self._statements


def _over_budget(
    objects: Sequence[SchemaObject], pending: Sequence[Migration], table: str, basis: Basis, at: tuple[Any, ...]
) -> Rehearsal:
    """Return a rehearsal that was ended at a statement.

    Args:
        at: 0-based number of the file and offset of the statement; empty if none was reached.
    """
    before = schema.read(schema.build(objects)).without(table)
    number, offset = at or (0, 0)
    migration = pending[number]
    script = normalize_newlines(migration.sql)
    statements = [statement for statement in iter_statements(script) if statement.offset <= offset]
    files = [RehearsedFile(file) for file in pending[:number]]
    files.append(RehearsedFile(migration, tuple(Step(statement, ()) for statement in statements)))
    words = f"{' '.join(statements[-1].text.split()[:4])} ..." if at and statements else "reading the rows"
    message = TOO_SLOW.format(words)
    refusal = Refusal(migration.name, *position(script, offset), message, len(statements) - 1 if statements else None)
    return Rehearsal(before, before, tuple(files), basis, over_budget=refusal)


def _changed_widely(step: Step) -> set[str]:
    """Return the folded tables of which a statement changes most of a full sample."""
    verbs = {action.verb for action in step.actions[:1]} & {"UPDATE", "DELETE"}
    changed = {table: rows for verb in verbs for table, rows in step.count(verb, indirect=False).items()}
    return {table for table, rows in changed.items() if rows >= SAMPLED_ROWS // 2}


def _counted(rehearsal: Rehearsal, basis: Basis, database: Database, options: RehearsalOptions) -> Basis:
    """Return the basis with the live rows of tables, counted up to the limit: those that lose or change many rows."""
    lossy = {
        fate.start
        for file in rehearsal.files
        for fate in file.fates
        if fate.missing or any(column.lost for column in fate.columns)
    }
    lossy |= {table for file in rehearsal.files for step in file.steps for table in _changed_widely(step)}
    tables = [name for name in rehearsal.before.tables if fold(name) in lossy]
    if basis.kind is not BasisKind.SAMPLE or not tables:
        return basis
    queries = [CountQuery(name, options.max_rows // len(tables) + 1) for name in tables]
    counts = count_rows(database, queries)
    return replace(basis, live=tuple((query.table, number, number == query.most) for query, number in counts.items()))
