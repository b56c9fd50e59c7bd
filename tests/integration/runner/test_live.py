"""Ledger and schema come in one request, and mean the same as when they are asked for one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger, live
from pulumi_d1.sqlite import schema
from tests.support.faults import arrange, arranged
from tests.support.runner import TARGET

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.workerd import Service

TABLES = "CREATE TABLE users (id PRIMARY KEY); CREATE VIEW v AS SELECT id FROM users; CREATE INDEX i ON users (id);"
FILES = ["0001_a.sql", "0002_b.sql"]
LEDGER = ledger.create(TARGET.table)
COUNT = {"fault": "latency", "ms": 0, "times": None}


def requests(database: D1Api) -> int:
    """How many a reading takes."""
    arrange(database.client, faults=[COUNT])
    live.read(database, TARGET.table)
    return int(arranged(database.client)[0]["seen"])


def test_one_request_where_there_is_a_ledger(database: D1Api) -> None:
    database.write(TABLES + LEDGER + "".join(ledger.insert(TARGET.table, name) for name in FILES))
    found = live.read(database, TARGET.table)
    assert list(found.ledger) == FILES
    assert found.objects == schema.objects_from(database.read(schema.SELECT))
    assert list(found.times) == FILES
    assert requests(database) == 1


def test_two_where_there_is_none(database: D1Api) -> None:
    database.write(TABLES)
    found = live.read(database, TARGET.table)
    assert (found.ledger, [item.name for item in found.objects]) == ((), ["users", "v", "i"])
    assert requests(database) == 2


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO d1_migrations (name) VALUES ('a')",
        "CREATE TABLE d1_migrations (id, name, applied_at); INSERT INTO d1_migrations VALUES ('x', 'a', 7)",
    ],
)
def test_a_ledger_that_wrangler_did_not_make_is_read_all_the_same(database: D1Api, table: str) -> None:
    database.write(table)
    found = live.read(database, TARGET.table)
    assert (found.ledger, found.times) == (("a",), {})


def test_the_real_engine_answers_the_one_statement_alike(real_engine: Service) -> None:
    real = real_engine.new()
    real(({"sql": LEDGER}, {"sql": ledger.insert(TARGET.table, "0001_a.sql")}))
    [result] = real(({"sql": ledger.select_with_schema(TARGET.table)},))
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    assert [row["name"] for row in rows if row["type"] is None] == ["0001_a.sql"]
    assert [item.name for item in schema.objects_from(row for row in rows if row["type"])] == [TARGET.table]
