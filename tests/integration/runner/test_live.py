"""Ledger and schema are read in one request, with the same result as in two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger, live
from pulumi_d1.sqlite import schema
from tests.support.faults import arrange, arranged
from tests.support.runner import TARGET

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api

TABLES = "CREATE TABLE users (id PRIMARY KEY); CREATE VIEW v AS SELECT id FROM users; CREATE INDEX i ON users (id);"
FILES = ["0001_a.sql", "0002_b.sql"]
LEDGER = ledger.create(TARGET.table)
COUNT = {"fault": "latency", "ms": 0, "times": None}


def requests(database: D1Api) -> int:
    """Return the number of requests of one read."""
    arrange(database.client, faults=[COUNT])
    live.read_database(database, TARGET.table)
    return int(arranged(database.client)[0]["seen"])


def test_a_database_with_a_ledger_takes_one_request(database: D1Api) -> None:
    database.write(TABLES + LEDGER + "".join(ledger.insert(TARGET.table, name) for name in FILES))
    current = live.read_database(database, TARGET.table)
    assert list(current.ledger) == FILES
    assert current.objects == schema.objects_from(database.read(schema.SELECT))
    assert list(current.times) == FILES
    assert requests(database) == 1


def test_a_database_without_a_ledger_takes_two_requests(database: D1Api) -> None:
    database.write(TABLES)
    current = live.read_database(database, TARGET.table)
    assert (current.ledger, [item.name for item in current.objects]) == ((), ["users", "v", "i"])
    assert requests(database) == 2


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO d1_migrations (name) VALUES ('a')",
        "CREATE TABLE d1_migrations (id, name, applied_at); INSERT INTO d1_migrations VALUES ('x', 'a', 7)",
    ],
)
def test_a_ledger_that_wrangler_did_not_create_is_read(database: D1Api, table: str) -> None:
    database.write(table)
    current = live.read_database(database, TARGET.table)
    assert (current.ledger, current.times) == (("a",), {})
