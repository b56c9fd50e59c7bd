"""A contract file waits in a review until `d1 contract release` allows its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations.folder import Migration
from tests.support.cli_state import give_state

if TYPE_CHECKING:
    from tests.support.cli_project import ReviewedDatabase

EXPAND = "ALTER TABLE users ADD COLUMN full_name TEXT;\nUPDATE users SET full_name = name WHERE full_name IS NULL;\n"
CONTRACT = (
    "-- d1:contract all code writes full_name\nALTER TABLE users DROP COLUMN name; -- d1:allow D103 it is copied\n"
)
DIGEST = Migration("0003_contract.sql", CONTRACT).sha256[:12]


@pytest.fixture(autouse=True)
def live(prod: ReviewedDatabase) -> None:
    prod.migrate("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Ada');")


def test_a_rename_is_a_warning_about_running_code_or_an_error(prod: ReviewedDatabase) -> None:
    prod.write("0002_rename.sql", "ALTER TABLE users RENAME COLUMN name TO full_name;\n")
    report = prod.plan()
    assert ([item["code"] for item in report["warnings"]], report["errors"]) == (["D402"], [])
    prod.configure(breakingFiles="error")
    assert [item["code"] for item in prod.plan()["errors"]] == ["D402"]
    assert prod.plan("--offline")["errors"] == [], "no code runs on the empty database of an offline review"


def test_a_contract_file_waits_until_it_is_released(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    prod.write("0002_expand.sql", EXPAND)
    prod.write("0003_contract.sql", CONTRACT)
    report = prod.plan()
    assert (report["pending"], report["waiting"]) == (["0002_expand.sql"], ["0003_contract.sql"])
    assert (
        "'d1 contract release 0003_contract.sql --stack prod' lets it run" in prod.d1("plan", "--stack", "prod").stdout
    )

    fake = give_state(prod, ["0001_live.sql"], "ada@example.com", monkeypatch)
    done = prod.d1("contract", "release", "0003_contract.sql", "--stack", "prod")
    assert done.output == "released 0003_contract.sql: 'pulumi up --stack prod' applies it\n"
    assert fake.calls[-1] == f"config set --stack prod -- contracts 0003_contract.sql@{DIGEST}"
    prod.configure(contracts=f"0003_contract.sql@{DIGEST}")
    assert prod.plan()["pending"] == ["0002_expand.sql", "0003_contract.sql"]
    assert prod.d1("contract", "release", "./migrations/0003_contract.sql", "--stack", "prod").exit_code == 0
    prod.write("0003_contract.sql", f"{CONTRACT}SELECT 1;\n")
    assert prod.plan()["waiting"] == ["0003_contract.sql"]


def test_only_a_contract_file_can_be_released(prod: ReviewedDatabase) -> None:
    prod.write("0002_expand.sql", EXPAND)
    refused = prod.d1("contract", "release", "0002_expand.sql", "--stack", "prod")
    assert refused.exit_code == 1
    assert refused.stderr == "Error: 0002_expand.sql is not a contract file. Contract files: none\n"
