"""A contract file waits through a run, and the run after its release applies it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.inspect_project import FILES, ledger

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

EXPAND = "ALTER TABLE users ADD COLUMN full_name TEXT;\nUPDATE users SET full_name = name WHERE full_name IS NULL;\n"
CONTRACT = (
    "-- d1:contract all code writes full_name\nALTER TABLE users DROP COLUMN name; -- d1:allow D103 it is copied\n"
)


def test_a_contract_file_waits_until_it_is_released(migrated: Project) -> None:
    migrated.database().write("INSERT INTO users (email, password_hash, name) VALUES ('a@shop.example', '-', 'Ada')")
    migrated.write("0004_expand.sql", EXPAND)
    migrated.write("0005_contract.sql", CONTRACT)
    migrated.up()
    assert ledger(migrated, "dev") == [*FILES, "0004_expand.sql"]
    assert "0005_contract.sql: it is a contract file; once the previous code is gone" in migrated.preview()

    migrated.run(sys.executable, "-m", "pulumi_d1.cli", "contract", "release", "0005_contract.sql", "--stack", "dev")
    migrated.up()
    assert ledger(migrated, "dev") == [*FILES, "0004_expand.sql", "0005_contract.sql"]
    assert migrated.database().read("SELECT full_name FROM users") == ({"full_name": "Ada"},)
