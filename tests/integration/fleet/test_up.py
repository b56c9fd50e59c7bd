"""`d1 fleet up` applies each file once to each database in as few requests as possible, and stops after a failure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.tenants import Tenants

pytestmark = pytest.mark.slow

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


def test_the_budget_is_printed_first_and_nothing_is_changed_without_a_yes(tenants: Tenants) -> None:
    tenants.create(3)
    process = tenants.project.d1("fleet", "up", "--match", "shop-tenant-*")
    assert process.returncode == 1
    lines = process.stderr.splitlines()
    assert lines[0] == "3 databases in shard 1/1 by 'shop-tenant-*'"
    assert [line.split()[-5:-3] for line in lines[3:6]] == [["1", "4"], ["4", "13"], ["5", "16"]]
    assert lines[6] == "Error: nothing was changed: there is no terminal to ask for confirmation; use --yes"
    assert tenants.journals == []


def test_a_canary_that_fails_stops_the_rest_until_the_file_is_fixed(tenants: Tenants) -> None:
    tenants.create(10)
    tenants.up()
    tenants.write(2, "CREATE UNIQUE INDEX once ON log (length(file));\n")
    run = tenants.up(code=1)
    assert run["count"] == {"done": 0, "up to date": 0, "failed": 1, "not started": 9}
    [failed] = [item for item in run["databases"] if item["state"] == "failed"]
    assert "UNIQUE constraint failed" in failed["message"]
    assert f"restore   wrangler d1 time-travel restore {failed['database']} --bookmark=" in failed["message"]
    assert "next      fix the file, then run 'd1 fleet up' again" in failed["message"]
    assert tenants.logs() == {("1",)}

    tenants.write(2)
    assert tenants.up()["count"]["done"] == 10
    assert tenants.logs() == {("1", "2")}


def test_after_one_bad_database_a_second_run_skips_those_that_are_done(tenants: Tenants) -> None:
    tenants.create(10)
    tenants.up()
    bad = tenants.database(6)
    bad.write("CREATE TABLE b (n UNIQUE); INSERT INTO b VALUES (1)")
    tenants.write(2, "CREATE TABLE IF NOT EXISTS b (n UNIQUE);\nINSERT INTO b VALUES (1);\n")
    run = tenants.up("--concurrency", "1", code=1)
    assert run["count"] == {"done": 6, "up to date": 0, "failed": 1, "not started": 3}
    bad.write("DELETE FROM b")
    tenants.count()
    again = tenants.up()
    assert again["requests"] == tenants.counted() == 1 + 4 * 4
    assert "continuing " in again["stderr"]
    assert again["count"]["done"] == 10
    assert tenants.logs() == {("1", "2")}


def test_a_database_whose_rows_refuse_a_file_is_not_written_to(tenants: Tenants) -> None:
    tenants.create(2)
    tenants.up()
    tenants.database(1).write("INSERT INTO log VALUES ('1')")
    with (tenants.project.folder / "Pulumi.prod.yaml").open("a") as file:
        file.write("  your-app:rehearsalRows: live\n")
    settings = tenants.project.folder / "Pulumi.prod.yaml"
    settings.write_text(settings.read_text().replace("  your-app:rehearsalRows: made\n", ""))
    tenants.write(2, "CREATE UNIQUE INDEX once ON log (file);\n")
    run = tenants.up("--max-failures", "2", code=1)
    assert run["count"] == {"done": 1, "up to date": 0, "failed": 1, "not started": 0}
    [failed] = [item for item in run["databases"] if item["state"] == "failed"]
    assert "nothing was applied" in failed["message"]
    assert "UNIQUE constraint failed" in failed["message"]
    assert tenants.logs() == {("1", "1"), ("1", "2")}


def test_several_failures_are_allowed_on_request(tenants: Tenants) -> None:
    tenants.create(10)
    tenants.up()
    for number in (3, 5):
        tenants.database(number).write("CREATE TABLE tags (id)")
    tenants.write(2, "CREATE TABLE tags (id);\n")
    run = tenants.up("--max-failures", "3", code=1)
    assert run["count"] == {"done": 8, "up to date": 0, "failed": 2, "not started": 0}
    assert all("table tags already exists" in item["message"] for item in run["databases"] if item["message"])


def test_a_named_canary_is_migrated_first(tenants: Tenants) -> None:
    tenants.create(5)
    process = tenants.project.d1("fleet", "up", "--match", "shop-tenant-*", "--yes", "--canary", "shop-tenant-004")
    assert process.returncode == 0, process.stderr
    lines = [line for line in process.stderr.splitlines() if "applied" in line]
    assert lines[0].startswith("1/5 shop-tenant-004: applied 0001_log.sql, bookmark ")
    unknown = tenants.project.d1("fleet", "up", "--match", "shop-tenant-*", "--yes", "--canary", "shop-tenant-9")
    assert (unknown.returncode, unknown.stderr.startswith("Error: --canary shop-tenant-9: is neither a number")) == (
        1,
        True,
    )


def test_each_database_is_in_one_shard(tenants: Tenants) -> None:
    tenants.create(12)
    met = [item["database"] for part in (1, 2, 3) for item in tenants.up("--shard", f"{part}/3")["databases"]]
    assert sorted(met) == [f"shop-tenant-{number:03}" for number in range(12)]
    assert tenants.logs() == {("1",)}


def test_after_refusals_every_thread_waits_and_each_file_is_applied_once(tenants: Tenants) -> None:
    tenants.create(20)
    tenants.count(rate_limit={"requests": 60, "seconds": 300, "block_seconds": 3})
    run = tenants.up(*LOOSE)
    waits = [line for line in run["stderr"].splitlines() if "Cloudflare requested a wait of 3 s (HTTP 429)" in line]
    assert len(waits) == 1  # of eight threads
    assert run["count"]["done"] == 20
    tenants.count()
    assert tenants.logs() == {("1",)}


def test_a_run_at_the_rate_is_never_refused(tenants: Tenants) -> None:
    tenants.create(20)
    tenants.count(rate_limit={"requests": 50, "seconds": 1, "block_seconds": 60})
    run = tenants.up("--rate", "50/2")
    assert "requested a wait" not in run["stderr"]
    assert run["requests"] == tenants.counted() == 1 + 5 * 20


def test_databases_of_stacks_are_refused(tenants: Tenants) -> None:
    tenants.project.create("your-app-db-prod")
    tenants.project.create("your-app-tenant-1")
    process = tenants.project.d1("fleet", "up", "--match", "your-app-*", "--yes")
    assert process.returncode == 1
    assert "also matches databases of this project's stacks: your-app-db-prod" in process.stderr
    named = tenants.project.folder / "Pulumi.main.yaml"
    named.write_text("config:\n  your-app:databaseName: your-app-tenant-1\n")
    process = tenants.project.d1("fleet", "up", "--match", "your-app-tenant-*", "--yes")
    assert "also matches databases of this project's stacks: your-app-tenant-1" in process.stderr
    assert tenants.journals == []


def test_a_plan_groups_equal_databases_and_writes_nothing(tenants: Tenants) -> None:
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
    # Two plans of six requests and those of the first run count against the same limit.
    lines = tenants.up("--max-failures", "9", code=1)["stderr"]
    assert "\n38 requests of the last 300 s count against the rate\n" in lines


def test_the_default_stack_is_production_under_either_name(tenants: Tenants) -> None:
    for stack, others in (("production", ("prod",)), ("prod", ())):
        for name in others:
            (tenants.project.folder / f"Pulumi.{name}.yaml").unlink(missing_ok=True)
        (tenants.project.folder / f"Pulumi.{stack}.yaml").write_text("config:\n  your-app:bindng: DB\n")
        refused = tenants.project.d1("fleet", "budget", "--databases", "1")
        assert refused.stderr.startswith(f"Error: the configuration of stack '{stack}' has mistakes:")
