"""wrangler d1 migrations: each file is one query, which takes effect as a whole or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.http_account import HttpAccount
    from tests.support.wrangler import Wrangler


def ledger(cloud: HttpAccount, uuid: str) -> list[str]:
    return [row["name"] for row in cloud.query(uuid, "SELECT name FROM d1_migrations ORDER BY id")]


def test_create_writes_numbered_files_that_apply_runs(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    wrangler.d1("migrations", "create", "shop", "first step")
    [first] = (wrangler.folder / "migrations").iterdir()
    assert first.name == "0001_first_step.sql"
    assert re.fullmatch(r"-- Migration number: 0001 \t \S+Z\n", first.read_text())
    first.write_text(first.read_text() + "CREATE TABLE t (a);\n")

    wrangler.d1("migrations", "create", "shop", "second step")
    applied = wrangler.d1("migrations", "apply", "shop", "--remote")
    assert [line for line in applied.stdout.splitlines() if "✅" in line]
    assert ledger(cloud, shop) == ["0001_first_step.sql", "0002_second_step.sql"]
    assert cloud.tables(shop) == ["d1_migrations", "t"]


def test_list_names_the_pending_files(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    wrangler.write("migrations/0001_a.sql", "CREATE TABLE a (x);\n")
    wrangler.write("migrations/0002_b.sql", "CREATE TABLE b (x);\n")
    before = wrangler.d1("migrations", "list", "shop", "--remote").stdout
    assert re.findall(r"\d{4}_\w\.sql", before) == ["0001_a.sql", "0002_b.sql"]
    assert ledger(cloud, shop) == []

    wrangler.d1("migrations", "apply", "shop", "--remote")
    assert "No migrations to apply!" in wrangler.d1("migrations", "list", "shop", "--remote").stdout
    again = wrangler.d1("migrations", "apply", "shop", "--remote").stdout
    assert "No migrations to apply!" in again
    assert ledger(cloud, shop) == ["0001_a.sql", "0002_b.sql"]


def test_a_failing_migration_stops_the_run_and_changes_nothing(
    wrangler: Wrangler, shop: str, cloud: HttpAccount
) -> None:
    wrangler.write("migrations/0001_good.sql", "CREATE TABLE good (a);\n")
    wrangler.write("migrations/0002_bad.sql", "CREATE TABLE half (a);\nALTER TABLE good ADD COLUMN b;\nSELEC 1;\n")
    wrangler.write("migrations/0003_later.sql", "CREATE TABLE later (a);\n")
    failed = wrangler.d1("migrations", "apply", "shop", "--remote", code=1)
    assert 'near "SELEC": syntax error at offset 0: SQLITE_ERROR [code: 7500]' in failed.errors
    assert ledger(cloud, shop) == ["0001_good.sql"]
    assert cloud.tables(shop) == ["d1_migrations", "good"]
    assert [row["name"] for row in cloud.query(shop, "PRAGMA table_info(good)")] == ["a"]

    wrangler.write("migrations/0002_bad.sql", "CREATE TABLE half (a);\n")
    wrangler.d1("migrations", "apply", "shop", "--remote")
    assert ledger(cloud, shop) == ["0001_good.sql", "0002_bad.sql", "0003_later.sql"]


def test_a_migration_with_its_own_transaction_is_refused(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    wrangler.write("migrations/0001_begin.sql", "BEGIN TRANSACTION;\nCREATE TABLE t (a);\nCOMMIT;\n")
    failed = wrangler.d1("migrations", "apply", "shop", "--remote", code=1)
    assert "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements" in failed.errors
    assert cloud.tables(shop) == ["d1_migrations"]
    assert ledger(cloud, shop) == []


def test_a_migration_without_its_last_semicolon_runs_into_the_ledger(
    wrangler: Wrangler, shop: str, cloud: HttpAccount
) -> None:
    wrangler.write("migrations/0001_open.sql", "CREATE TABLE t (a)")
    failed = wrangler.d1("migrations", "apply", "shop", "--remote", code=1)
    assert 'near "INSERT": syntax error' in failed.errors
    assert cloud.tables(shop) == ["d1_migrations"]


def test_the_ledger_may_have_another_name(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    config = wrangler.folder / "wrangler.toml"
    config.write_text(config.read_text() + 'migrations_table = "our \\"ledger\\""\nmigrations_dir = "sql/steps"\n')
    wrangler.write("sql/steps/1_it's.sql", "CREATE TABLE t (a);\n")
    wrangler.d1("migrations", "apply", "DB", "--remote")
    assert cloud.query(shop, 'SELECT name FROM "our ""ledger"""') == [{"name": "1_it's.sql"}]
    assert "No migrations to apply!" in wrangler.d1("migrations", "list", "DB", "--remote").stdout
