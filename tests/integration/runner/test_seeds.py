"""Seeds over the wire: each is sent once, as its own transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError, SeedFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.seeds.run import SeedTarget, run_seeds
from tests.support.runner import Waiting, arrange

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api

TARGET = SeedTarget("shop-db-dev", "seeds")
FIRST = Migration("1.sql", "INSERT INTO t VALUES (1);")
SECOND = Migration("2.sql", "INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (NULL);")


@pytest.fixture(autouse=True)
def table(database: D1Api) -> None:
    database.write("CREATE TABLE t (a NOT NULL)")


def seeded(database: D1Api, waiting: Waiting, *seeds: Migration) -> list[str]:
    ran: list[str] = []
    run_seeds(
        database,
        seeds,
        TARGET,
        record=lambda seed: ran.append(seed.name),
        retry=waiting.retry,
    )
    return ran


def rows(database: D1Api) -> list[int]:
    return [row["a"] for row in database.read("SELECT a FROM t ORDER BY a")]


def test_a_refused_seed_is_undone_and_those_before_it_stay(database: D1Api, waiting: Waiting) -> None:
    bookmark = database.bookmark()
    with pytest.raises(SeedFailed) as caught:
        seeded(database, waiting, FIRST, SECOND)
    assert rows(database) == [1]
    assert caught.value.ran == ("1.sql",)
    refused = "NOT NULL constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_NOTNULL) (code 7500)"
    assert str(caught.value).splitlines() == [
        f"seed seeds/2.sql failed: {refused}",
        "  database  shop-db-dev",
        "  kept      1.sql (run before the failure)",
        "  outcome   rolled back: nothing of the file remains",
        f"  restore   wrangler d1 time-travel restore shop-db-dev --bookmark={bookmark}",
        "  next      fix the file, then run 'pulumi up' again",
    ]


def test_a_lost_response_is_reported_and_nothing_is_sent_twice(database: D1Api, waiting: Waiting) -> None:
    arrange(database, faults=[{"fault": "drop", "when": "after", "endpoint": "query", "contains": "INSERT"}])
    with pytest.raises(SeedFailed, match="unknown: the file may have run") as caught:
        seeded(database, waiting, FIRST)
    assert rows(database) == [1]
    assert "next      run 'pulumi up' again; it runs the file again" in str(caught.value)


def test_a_rate_limited_seed_is_sent_again(database: D1Api, waiting: Waiting) -> None:
    arrange(database, faults=[{"fault": "rate-limited", "endpoint": "query", "contains": "INSERT", "retry_after": 3}])
    assert seeded(database, waiting, FIRST) == ["1.sql"]
    assert rows(database) == [1]
    assert sum(waiting.seconds) == 3


def test_triggers_and_files_of_comments_run_too(database: D1Api, waiting: Waiting) -> None:
    empty = Migration("0.sql", "-- later")
    trigger = Migration("3.sql", "CREATE TRIGGER tr AFTER INSERT ON t BEGIN\n SELECT 1; END;\nINSERT INTO t VALUES (3)")
    assert seeded(database, waiting, empty) == ["0.sql"]
    assert seeded(database, waiting, empty, trigger, FIRST) == ["0.sql", "3.sql", "1.sql"]
    assert rows(database) == [1, 3]


def test_a_file_that_never_ends_its_text_is_refused_before_anything_runs(database: D1Api, waiting: Waiting) -> None:
    with pytest.raises(ConfigError, match=r"seeds/9\.sql:1: the statement that starts here opens a string"):
        seeded(database, waiting, FIRST, Migration("9.sql", "INSERT INTO t VALUES ('x"))
    assert rows(database) == []
