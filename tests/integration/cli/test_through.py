"""`--through FILE` and the key `through` stop after a file; the rest waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations.live import read_ledger

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import ReviewedDatabase


@pytest.fixture(autouse=True)
def tenant(prod: ReviewedDatabase) -> D1Api:
    """Return the database of a tenant. It has the first file, as prod has, and three files are pending."""
    tenant = prod.tenant()
    prod.migrate("CREATE TABLE users (id INTEGER PRIMARY KEY);", tenant)
    for number in (2, 3, 4):
        prod.write(f"000{number}_t.sql", f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY);\n")
    return tenant


def test_the_option_comes_before_the_key(prod: ReviewedDatabase) -> None:
    prod.configure(through="0003_t.sql")
    assert prod.plan()["pending"] == ["0002_t.sql", "0003_t.sql"]
    report = prod.plan("--through", "0002_t.sql")
    assert (report["pending"], report["waiting"]) == (["0002_t.sql"], ["0003_t.sql", "0004_t.sql"])
    shown = prod.d1("plan", "--stack", "prod", "--through", "0002_t.sql")
    assert shown.exit_code == 2
    assert "waiting:\n  0003_t.sql and 1 more: through is 0002_t.sql\n" in shown.stdout
    assert "+ table t3" not in shown.stdout
    assert "**Waiting**\n\n- `0004_t.sql: through is 0003_t.sql`" in prod.d1("comment", "--stack", "prod").stdout


def test_a_name_that_no_file_has_is_refused(prod: ReviewedDatabase) -> None:
    refused = prod.d1("plan", "--stack", "prod", "--offline", "--through", "0003")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: through is 0003, but there is no such file in the migrations folder")


def test_a_fleet_stops_after_the_file_and_the_next_run_applies_the_rest(prod: ReviewedDatabase, tenant: D1Api) -> None:
    up = ("fleet", "up", "--match", "tenant-*", "--stack", "prod", "--yes")
    assert prod.d1(*up, "--through", "0002_t.sql").exit_code == 0
    assert read_ledger(tenant, "d1_migrations") == ("0001_live.sql", "0002_t.sql")
    assert prod.d1(*up).exit_code == 0
    assert read_ledger(tenant, "d1_migrations") == ("0001_live.sql", "0002_t.sql", "0003_t.sql", "0004_t.sql")
    assert read_ledger(prod.database, "d1_migrations") == ("0001_live.sql",)
