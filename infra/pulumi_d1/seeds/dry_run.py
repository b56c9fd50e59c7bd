"""Runs the seeds twice on a local database with the schema to be: what D1 refuses, and what a second run would do.

A seed runs again when its text changes, and after a lost answer: the second run has to leave what the first one left.
Bulk data, which takes seconds for each MB, is run once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.review.rehearsal import Refusal, locate_refusal
from pulumi_d1.migrations.run.request import LARGE_BYTES
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.observe import observe
from pulumi_d1.sqlite.statements import normalize_newlines, position, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.observation import Observation
    from pulumi_d1.sqlite.schema import SchemaObject

_UPSERT = "write INSERT OR REPLACE, or ON CONFLICT, on a key"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the seeds do.

    Attributes:
        refused: what D1 refuses.
        warnings: what runs, and should not be left so.
    """

    refused: tuple[Refusal, ...] = ()
    warnings: tuple[Refusal, ...] = ()


def rehearse(
    objects: Iterable[SchemaObject],
    pending: Sequence[Migration],
    table: str,
    seeds: Sequence[Migration],
    judged: Callable[[str], bool] = lambda _: True,
) -> Rehearsal:
    """Runs migrations and seeds, each file in a transaction of its own.

    Args:
        objects: the live schema, the ledger included.
        pending: the migrations that run before the seeds; where one of them is refused, nothing is said of the seeds.
        table: name of the ledger.
        seeds: all of the folder: one may need the rows of another.
        judged: whether anything is to be said of the seed with this name.

    Raises:
        SqlError: the live schema can't be made here.
    """
    connection = schema.build(objects)
    rows_known = not schema.read(connection).without(table).tables
    connection.execute(ledger.create(table))
    for migration in pending:
        script = normalize_newlines(migration.sql)
        if observe(connection, script, rows_known=rows_known).refusal:
            return Rehearsal()
    scripts = {seed.name: normalize_newlines(seed.sql) for seed in seeds}
    first = {name: observe(connection, script, rows_known=rows_known) for name, script in scripts.items()}
    refused: list[Refusal] = []
    warnings: list[Refusal] = []
    for name, seen in first.items():
        if not judged(name):
            continue
        warnings += _schema_changes(name, scripts[name], seen)
        if seen.refusal:
            refused.append(locate_refusal(name, scripts[name], seen.steps, seen.refusal))
        elif not seen.undecided and len(scripts[name]) <= LARGE_BYTES:
            warnings += _second_run(connection, name, scripts[name], seen)
    return Rehearsal(tuple(refused), tuple(warnings))


def _second_run(connection: Any, name: str, script: str, first: Observation) -> list[Refusal]:
    filled = {table: step for step in reversed(first.steps) for table in step.names("INSERT")}
    before = {table: _count(connection, table) for table in filled}
    again = observe(connection, script, rows_known=True)
    if again.refusal:
        found = locate_refusal(name, script, again.steps, again.refusal)
        return [replace(found, message=f"it would fail when it runs again: {found.message}: {_UPSERT}")]
    grown = [table for table in filled if _count(connection, table) > before[table]]
    return [
        _at(name, script, filled[table].statement.offset, f"each run adds its rows of {table} once more: {_UPSERT}")
        for table in sorted(grown)
    ]


def _schema_changes(name: str, script: str, seen: Observation) -> list[Refusal]:
    changing = [step.statement.offset for step in seen.steps if step.changed_schema]
    message = "it changes the schema, which belongs into a migration: it shows as drift"
    return [_at(name, script, offset, message) for offset in changing[:1]]


def _count(connection: Any, table: str) -> int:
    [result] = run_script(connection, f"SELECT count(*) FROM {quoted(table)}")  # noqa: S608 - the name is quoted
    return int(result.rows[0][0] or 0)


def _at(name: str, script: str, offset: int, message: str) -> Refusal:
    return Refusal(name, *position(script, offset), message, None)
