"""A squashed file leaves what the old files leave, on the real D1 engine. SQUASHES is the number of random schemas."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.squash.proof import prove_squash
from pulumi_d1.sqlite.statements import quoted, split
from tests.support.lint.live import TABLE
from tests.support.rebuilds import RandomSchema
from tests.support.sqlite.transcript import Refused

if TYPE_CHECKING:
    from tests.support.sqlite.transcript import Database
    from tests.support.workerd import Service

SCHEMAS = int(os.environ.get("SQUASHES", "10"))
MOST_REFUSED = 0.4
"""Share of random schemas with triggers and rows that reference each other in a circle."""


def run(database: Database, sql: str) -> None:
    database(tuple({"sql": statement.text} for statement in split(sql)))


def rows(database: Database, sql: str) -> Any:
    [result] = database(({"sql": sql},))
    return result.rows


def content(database: Database) -> dict[str, Any]:
    """Return the schema, the rows of each table with their rowids, and the last ids."""
    objects = rows(database, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1, 2")
    kept = [item for item in objects if not item[1].startswith(("_cf_", "sqlite_"))]
    found: dict[str, Any] = {"objects": kept}
    for kind, name, sql in kept:
        if kind == "table":
            place = "*" if "WITHOUT ROWID" in sql else "rowid, *"
            found[name] = rows(database, f"SELECT {place} FROM {quoted(name)} ORDER BY 1, 2")
    if any("AUTOINCREMENT" in sql for _, _, sql in kept):
        found["ids"] = rows(database, "SELECT name, seq FROM sqlite_sequence ORDER BY name")
    return found


def test_random_schemas_are_the_same_after_a_squash(real_engine: Service) -> None:
    refused: list[str] = []
    for number in range(SCHEMAS):
        random = RandomSchema(Random(number))  # noqa: S311 - chance, not a secret
        triggers = [sql for sql in random.objects if sql.startswith("CREATE TRIGGER")]
        others = [sql for sql in random.objects if sql not in triggers]
        first = ["PRAGMA defer_foreign_keys = on", *others, *random.rows]
        texts = [";\n".join(part) for part in (first, triggers) if part]
        files = [Migration(f"{place:04}.sql", text) for place, text in enumerate(texts, 1)]
        try:
            squash = prove_squash(files, "new.sql", TABLE, BasisKind.NEW, ())
        except SqlError as error:
            refused.append(str(error))
            continue
        old, new = real_engine.new(), real_engine.new()
        for file in files:
            run(old, file.sql)
        run(new, squash.sql)
        assert content(new) == content(old), (number, squash.sql)
    assert all("in a circle" in error for error in refused), refused
    assert len(refused) <= MOST_REFUSED * SCHEMAS


def test_the_rows_of_the_ledger_are_swapped_by_the_real_engine(real_engine: Service) -> None:
    database = real_engine.new()
    run(database, ledger.create(TABLE))
    for name in ("1.sql", "3.sql", "2.sql", "4.sql"):
        run(database, ledger.insert(TABLE, name))
    run(database, ledger.swap(TABLE, "new.sql", ["1.sql", "2.sql"]))
    select = f"SELECT id, name FROM {TABLE} ORDER BY id"
    assert [tuple(row) for row in rows(database, select)] == [(1, "new.sql"), (2, "3.sql"), (4, "4.sql")]
    with pytest.raises(Refused, match="UNIQUE constraint failed"):
        run(database, ledger.swap(TABLE, "newer.sql", ["new.sql", "gone.sql"]))
    assert [tuple(row) for row in rows(database, select)] == [(1, "new.sql"), (2, "3.sql"), (4, "4.sql")]
