"""Run the seeds twice on a local copy of the future database: what D1 refuses, and what cannot run again.

A seed runs again if its text changes or if a response was lost. The second run must leave what the first one left.
Bulk data takes seconds per MB, so it runs once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.rehearsal.rehearse import Refusal, Rehearsal, RehearsedFile, insert_rows, locate_refusal
from pulumi_d1.migrations.rehearsal.rows.options import Basis, BasisKind
from pulumi_d1.migrations.review.lint import lost
from pulumi_d1.migrations.run.request import LARGE_BYTES
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.observe import observe
from pulumi_d1.sqlite.statements import normalize_newlines, position, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.observation import Observation
    from pulumi_d1.sqlite.schema import SchemaObject

_UPSERT = "use ON CONFLICT (key) DO UPDATE, or DO NOTHING"


@dataclass(frozen=True, slots=True)
class SeedProblems:
    """The problems of the seeds.

    Attributes:
        refused: Statements that D1 refuses.
        warnings: Statements that run but should be changed.
    """

    refused: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()


def dry_run_seeds(  # noqa: PLR0913, PLR0917 - a rehearsal depends on all of these
    objects: Iterable[SchemaObject],
    pending: Sequence[Migration],
    table: str,
    seeds: Sequence[Migration],
    reported: Collection[str],
    kind: BasisKind,
    rows: Iterable[str] = (),
    watch: Callable[[int, int], None] = lambda _number, _offset: None,
) -> SeedProblems:
    """Run migrations and seeds on a local database, each file in its own transaction.

    Args:
        objects: The live schema, including the ledger.
        pending: The migrations that run before the seeds. If one of them is refused, no problem is returned.
        seeds: All seeds of the folder, because one may need the rows of another.
        reported: Names of the seeds whose problems are returned.
        kind: The rows of the database. Generated ones are not used: a seed brings its own.
        rows: The statements that insert the live rows.
        watch: Called with the number of the file and the offset of the statement before each.

    Raises:
        SqlError: The live schema cannot be created locally.
    """
    connection = schema.build(objects)
    before = schema.read(connection).without(table)
    rows_known = kind is not BasisKind.MADE or not before.tables
    connection.execute(ledger.create(table))
    insert_rows(connection, rows)
    for migration in pending:
        if observe(connection, normalize_newlines(migration.sql), rows_known=rows_known).refusal:
            return SeedProblems()
    scripts = {seed.name: normalize_newlines(seed.sql) for seed in seeds}
    first_runs = {}
    for number, (name, script) in enumerate(scripts.items()):
        watch(number, 0)
        first_runs[name] = observe(connection, script, rows_known=rows_known)
    refused: list[Refusal] = []
    warnings: list[Refusal] = []
    for seed in seeds:
        name, script, first_run = seed.name, scripts[seed.name], first_runs[seed.name]
        if name not in reported:
            continue
        warnings += _schema_changes(name, script, first_run)
        if first_run.refusal:
            refused.append(locate_refusal(name, script, first_run.steps, first_run.refusal))
            continue
        ran = RehearsedFile(seed, first_run.steps, first_run.fates)
        findings = (hit.finding for hit in lost.hits(Rehearsal(before, before, (ran,), Basis(BasisKind.LIVE))))
        warnings += (Refusal(name, item.line, item.column, item.message, None) for item in findings)
        if not first_run.undecided and len(script) <= LARGE_BYTES:
            warnings += _second_run(connection, name, script, first_run)
    return SeedProblems(tuple(refused), tuple(warnings))


def _second_run(connection: Any, name: str, script: str, first_run: Observation) -> list[Refusal]:
    """Run a seed again and return what it should do differently."""
    inserts = {table: step for step in reversed(first_run.steps) for table in step.names("INSERT")}
    before = {table: _count(connection, table) for table in inserts}
    second_run = observe(connection, script, rows_known=True)
    if second_run.refusal:
        refusal = locate_refusal(name, script, second_run.steps, second_run.refusal)
        return [replace(refusal, message=f"would fail if it ran again: {refusal.message}: {_UPSERT}")]
    return [
        _warning(name, script, inserts[table].statement.offset, f"each run adds its rows to {table} again: {_UPSERT}")
        for table in sorted(inserts)
        if _count(connection, table) > before[table]
    ]


def _schema_changes(name: str, script: str, first_run: Observation) -> list[Refusal]:
    """Return a warning about the first statement that changes the schema."""
    offsets = [step.statement.offset for step in first_run.steps if step.changed_schema]
    message = "changes the schema, which will show as drift: move it to a migration"
    return [_warning(name, script, offset, message) for offset in offsets[:1]]


def _count(connection: Any, table: str) -> int:
    [result] = run_script(connection, f"SELECT count(*) FROM {quoted(table)}")  # noqa: S608 - the name is quoted
    return int(result.rows[0][0] or 0)


def _warning(name: str, script: str, offset: int, message: str) -> Refusal:
    return Refusal(name, *position(script, offset), message, None)
