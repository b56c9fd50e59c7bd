"""A tenant whose ledger is damaged fails, and no other one does. The plan names a file that does nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.tenants import Tenants


@pytest.fixture
def tenant(tenants: Tenants) -> D1Api:
    """The second of three databases. Its ledger is damaged."""
    tenants.create(3)
    tenants.database(1).write(f"{ledger.create('d1_migrations')} INSERT INTO d1_migrations (id, name) VALUES (7, NULL)")
    return tenants.database(1)


def test_in_a_fleet_only_the_database_with_the_damaged_ledger_fails(tenants: Tenants, tenant: D1Api) -> None:
    damaged = "the ledger d1_migrations is damaged: the row with id 7 has NULL as its name"
    done = tenants.project.d1("fleet", "plan", "--match", "shop-tenant-*")
    assert "2 databases: 1 pending" in done.stdout
    assert f"1 database: cannot be read\n  shop-tenant-001\n  {damaged}" in done.stdout
    assert "Traceback" not in done.stderr

    up = tenants.up("--canary", "shop-tenant-000", "--max-failures", "3", code=1)
    states = {item["database"]: (item["state"], item["message"][: len(damaged)]) for item in up["databases"]}
    assert states["shop-tenant-001"] == ("failed", damaged)
    assert states["shop-tenant-000"] == states["shop-tenant-002"] == ("done", "")
    assert "Traceback" not in json.dumps(up)
    assert tenant.read("SELECT name FROM sqlite_master WHERE name = 'log'") == ()


def test_case_39_the_plan_names_a_file_without_a_statement(tenants: Tenants) -> None:
    tenants.create(1)
    tenants.project.write("0002_tags.sql", "-- Migration number: 0002\n")
    done = tenants.project.d1("fleet", "plan", "--match", "shop-tenant-*")
    assert done.returncode == 1, done.stderr
    assert "migrations/0002_tags.sql has no statement: it would be recorded as applied" in done.stdout
