"""`d1 plan` and `d1 status` show D1's limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.cli_state import give_state
from tests.support.faults import arrange

if TYPE_CHECKING:
    from tests.support.cli_project import ReviewedDatabase

OPTIMIZE = (
    "creates the index i: end the file with PRAGMA optimize; it renews the statistics by which SQLite chooses an index"
)


@pytest.fixture(autouse=True)
def live(prod: ReviewedDatabase) -> None:
    prod.migrate("CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE notes (user REFERENCES users (id));")


def test_a_review_has_notes(prod: ReviewedDatabase) -> None:
    prod.write("0002_tags.sql", "CREATE TABLE tags (user REFERENCES users (id));\nCREATE INDEX i ON notes (user);\n")
    expected = [
        "each DELETE and UPDATE of a key in users reads all rows of tags: there is no index on tags (user)",
        f"0002_tags.sql {OPTIMIZE}",
    ]
    assert prod.plan()["notes"] == expected
    shown = prod.d1("plan", "--stack", "prod").stdout
    assert "notes:\n" + "".join(f"  {note}\n" for note in expected) in shown
    assert prod.plan("--offline")["notes"] == []


def test_the_status_has_the_size_and_keys_without_an_index(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_state(prod, ["0001_live.sql"], "ada@example.com", monkeypatch)
    [row] = [row for row in json.loads(prod.d1("status", "--stack", "prod", "--json").stdout) if row["stack"] == "prod"]
    assert row["size"] == prod.database.query(["SELECT 1"])[0].size > 0
    assert row["size_limit"] == 10_000_000_000
    note = "foreign keys without an index, whose parents are slow to delete from: notes (user)"
    assert row["notes"] == [note]
    shown = prod.d1("status", "--stack", "prod").stdout
    assert f"your-app-db-prod: 0.0 MB of 10 GB; {note}\n" in shown


def test_the_status_of_a_free_plan_has_the_rows_of_the_day(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_state(prod, ["0001_live.sql"], "ada@example.com", monkeypatch, days=7)
    prod.tenant().write("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3);")
    prod.database.write("INSERT INTO users VALUES (1), (2);")
    written = (
        "all databases of the account have written 6 of 100,000 rows since midnight UTC, the limit of the free plan"
    )
    shown = prod.d1("status", "--stack", "prod")
    assert shown.exit_code == 0
    assert f"your-app-db-prod: 0.0 MB of 500 MB; {written}; foreign keys" in " ".join(shown.stdout.split())


@pytest.mark.parametrize("fault", ["error", "bad-gateway", "drop", "invalid-json"])
def test_a_status_without_metrics_says_so_and_does_not_fail(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    give_state(prod, ["0001_live.sql"], "ada@example.com", monkeypatch, days=7)
    arrange(prod.database.client, faults=[{"fault": fault, "endpoint": "graphql"}])
    shown = prod.d1("status", "--stack", "prod")
    assert shown.exit_code == 0
    assert "it is unknown how many rows were written today: " in " ".join(shown.stdout.split())
