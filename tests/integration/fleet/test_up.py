"""`d1 fleet up`: each file once in each database, in as few requests as there can be, and it stops where it should."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.tenants import Tenants

DATABASES = 60
LOOSE = ("--rate", "100000/1")


def test_sixty_databases_from_nothing_to_migrated_twice_to_up_to_date(tenants: Tenants) -> None:
    tenants.create(DATABASES)
    tenants.write(2)
    tenants.count()
    first = tenants.up()
    # One lists them. Each: two read that there is no ledger, a bookmark, both files in one write, one verifies.
    assert first["requests"] == tenants.counted() == 1 + 5 * DATABASES
    assert first["count"] == {"done": DATABASES, "up to date": 0, "failed": 0, "not started": 0}
    assert {tuple(item["applied"]) for item in first["databases"]} == {("0001_log.sql", "0002_file.sql")}
    assert all(item["bookmark"] for item in first["databases"])

    tenants.write(3)
    tenants.count()
    assert tenants.up()["requests"] == tenants.counted() == 1 + 4 * DATABASES
    tenants.count()
    third = tenants.up()
    assert third["requests"] == tenants.counted() == 1 + DATABASES
    assert third["count"]["up to date"] == DATABASES
    assert tenants.logs() == {("1", "2", "3")}


def test_the_budget_is_told_before_and_nothing_is_done_without_a_yes(tenants: Tenants) -> None:
    tenants.create(3)
    done = tenants.project.d1("fleet", "up", "--match", "shop-tenant-*")
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert said[0] == "3 databases in shard 1/1 by 'shop-tenant-*'"
    assert [line.split()[-5:-3] for line in said[2:5]] == [["1", "4"], ["4", "13"], ["5", "16"]]
    assert said[5] == "Error: nothing was done: there is no terminal to ask at; give --yes to go on without asking"
    assert tenants.journals == []


def test_a_canary_that_fails_stops_the_rest_and_the_mended_file_goes_on(tenants: Tenants) -> None:
    tenants.create(10)
    tenants.up()
    tenants.write(2, "CREATE UNIQUE INDEX once ON log (length(file));\n")
    found = tenants.up(code=1)
    assert found["count"] == {"done": 0, "up to date": 0, "failed": 1, "not started": 9}
    [failed] = [item for item in found["databases"] if item["state"] == "failed"]
    assert "UNIQUE constraint failed" in failed["message"]
    assert f"restore   wrangler d1 time-travel restore {failed['database']} --bookmark=" in failed["message"]
    assert "next      fix the file, then run 'd1 fleet up' again" in failed["message"]
    assert tenants.logs() == {("1",)}

    tenants.write(2)
    assert tenants.up()["count"]["done"] == 10
    assert tenants.logs() == {("1", "2")}


def test_one_bad_database_leaves_those_before_it_done_and_a_second_run_asks_these_nothing(tenants: Tenants) -> None:
    tenants.create(10)
    tenants.up()
    bad = tenants.database(6)
    bad.write("CREATE TABLE b (n UNIQUE); INSERT INTO b VALUES (1)")
    tenants.write(2, "CREATE TABLE IF NOT EXISTS b (n UNIQUE);\nINSERT INTO b VALUES (1);\n")
    found = tenants.up("--concurrency", "1", code=1)
    assert found["count"] == {"done": 6, "up to date": 0, "failed": 1, "not started": 3}
    bad.write("DELETE FROM b")
    tenants.count()
    again = tenants.up()
    assert again["requests"] == tenants.counted() == 1 + 4 * 4
    assert "going on with" in again["stderr"]
    assert again["count"]["done"] == 10
    assert tenants.logs() == {("1", "2")}


def test_several_failures_are_borne_where_they_may_be(tenants: Tenants) -> None:
    tenants.create(10)
    tenants.up()
    for number in (3, 5):
        tenants.database(number).write("CREATE TABLE tags (id)")
    tenants.write(2, "CREATE TABLE tags (id);\n")
    found = tenants.up("--max-failures", "3", code=1)
    assert found["count"] == {"done": 8, "up to date": 0, "failed": 2, "not started": 0}
    assert all("table tags already exists" in item["message"] for item in found["databases"] if item["message"])


def test_the_canary_that_is_named_goes_first(tenants: Tenants) -> None:
    tenants.create(5)
    done = tenants.project.d1("fleet", "up", "--match", "shop-tenant-*", "--yes", "--canary", "shop-tenant-004")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if "applied" in line]
    assert lines[0].startswith("1/5 shop-tenant-004: applied 0001_log.sql, bookmark ")
    unknown = tenants.project.d1("fleet", "up", "--match", "shop-tenant-*", "--yes", "--canary", "shop-tenant-9")
    assert (unknown.returncode, unknown.stderr.startswith("Error: --canary shop-tenant-9: is no number")) == (1, True)


def test_shards_meet_every_database_once(tenants: Tenants) -> None:
    tenants.create(12)
    met = [item["database"] for part in (1, 2, 3) for item in tenants.up("--shard", f"{part}/3")["databases"]]
    assert sorted(met) == [f"shop-tenant-{number:03}" for number in range(12)]
    assert tenants.logs() == {("1",)}


def test_a_storm_of_refusals_is_waited_out_and_every_file_applied_once(tenants: Tenants) -> None:
    tenants.create(20)
    tenants.count(rate_limit={"requests": 60, "seconds": 300, "block_seconds": 3})
    found = tenants.up(*LOOSE)
    waits = [line for line in found["stderr"].splitlines() if "Cloudflare requested a wait of 3 s (HTTP 429)" in line]
    assert len(waits) == 1  # of eight threads
    assert found["count"]["done"] == 20
    tenants.count()
    assert tenants.logs() == {("1",)}


def test_who_keeps_to_the_rate_is_never_refused(tenants: Tenants) -> None:
    tenants.create(20)
    tenants.count(rate_limit={"requests": 50, "seconds": 1, "block_seconds": 60})
    found = tenants.up("--rate", "50/2")
    assert "asks to wait" not in found["stderr"]
    assert found["requests"] == tenants.counted() == 1 + 5 * 20


def test_databases_of_stacks_are_not_for_a_fleet(tenants: Tenants) -> None:
    tenants.project.create("your-app-db-prod")
    tenants.project.create("your-app-tenant-1")
    done = tenants.project.d1("fleet", "up", "--match", "your-app-*", "--yes")
    assert done.returncode == 1
    assert "also matches databases of this project's stacks: your-app-db-prod" in done.stderr
    named = tenants.project.folder / "Pulumi.main.yaml"
    named.write_text("config:\n  your-app:databaseName: your-app-tenant-1\n")
    done = tenants.project.d1("fleet", "up", "--match", "your-app-tenant-*", "--yes")
    assert "also matches databases of this project's stacks: your-app-tenant-1" in done.stderr
    assert tenants.journals == []


def test_a_plan_groups_what_is_alike_and_writes_nothing(tenants: Tenants) -> None:
    tenants.create(5)
    tenants.up()
    tenants.database(2).write("CREATE TABLE debug (id)")
    tenants.write(2, "CREATE TABLE debug (id);\n")
    plan = tenants.project.d1("fleet", "plan", "--match", "shop-tenant-*")
    assert plan.returncode == 1
    assert plan.stdout.startswith("4 databases: 1 pending, last applied 0001_log.sql\n  shop-tenant-000, ")
    assert "\n1 database: 1 pending, last applied 0001_log.sql, drifted, stopped by errors\n" in plan.stdout
    listed = json.loads(tenants.project.d1("fleet", "plan", "--match", "shop-tenant-*", "--json").stdout)
    assert [bool(item["errors"]) for item in listed] == [False, False, True, False, False]
    assert tenants.logs() == {("1",)}
    # Two plans of six requests, and what the first run sent: against the same limit.
    said = tenants.up("--max-failures", "9", code=1)["stderr"]
    assert "\n38 requests of the last 300 s count against the rate\n" in said
