"""Rebuilds of random databases on the real D1 engine lose no row. REBUILDS is the number of databases."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.rebuild.proof import RebuildTask, prove_rebuild
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.statements import quoted, split
from tests.support.lint.live import TABLE
from tests.support.rebuilds import RandomSchema

if TYPE_CHECKING:
    from tests.support.sqlite.transcript import Database
    from tests.support.workerd import Service

DATABASES = int(os.environ.get("REBUILDS", "15"))
REFUSED = 0.01
"""The most that cannot be made safe: rows that need each other, and SET NULL of a column that is NOT NULL."""


def run(database: Database, *statements: str) -> None:
    database(tuple({"sql": sql} for sql in statements))


def content(database: Database, tables: RandomSchema) -> dict[str, Any]:
    """Return the rows of each table, of the columns that a rebuild keeps, and the next ids."""
    queries = [f"SELECT {', '.join(map(quoted, t.columns))} FROM {quoted(t.name)} ORDER BY v" for t in tables.tables]
    results = database(tuple({"sql": sql} for sql in queries))
    found: dict[str, Any] = {t.name: result.rows for t, result in zip(tables.tables, results, strict=True)}
    if any(table.kind == "auto" for table in tables.tables):
        [found["ids"]] = [r.rows for r in database(({"sql": "SELECT name, seq FROM sqlite_sequence ORDER BY name"},))]
    [objects] = database(({"sql": "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE '%auto%' ORDER BY 1, 2"},))
    found["objects"] = [row for row in objects.rows if row[0] != "table"]
    return found


def test_random_rebuilds_lose_nothing(real_engine: Service) -> None:
    refused = []
    for number in range(DATABASES):
        random = RandomSchema(Random(number))  # noqa: S311 - chance, not a secret
        dangerous = random.dangerous()
        objects = tuple(schema.read(schema.build_from_statements(random.objects)).objects.values())
        proof = prove_rebuild(RebuildTask(objects, (), TABLE, "0002.sql", dangerous), BasisKind.LIVE, random.rows)
        if proof.problems:
            assert "NOT NULL constraint failed" in proof.problems[0], (number, proof.problems)
            refused.append(number)
            continue
        database = real_engine.new()
        triggers = [sql for sql in random.objects if sql.startswith("CREATE TRIGGER")]
        others = [sql for sql in random.objects if sql not in triggers]
        run(database, "PRAGMA defer_foreign_keys = on", *others, *random.rows, *triggers)
        before = content(database, random)
        run(database, *(statement.text for statement in split(proof.script.sql)))
        if proof.script.triggers:
            run(database, *(statement.text for statement in split(proof.script.triggers)))
        assert content(database, random) == before, (number, dangerous, proof.script.sql)
    assert len(refused) <= REFUSED * DATABASES, refused
