"""The key `through`: `pulumi up` stops after a file, and the next run without it applies the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.inspect_project import FILES, ledger

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough


def test_a_run_stops_after_the_file_and_the_next_one_applies_the_rest(migrated: Project) -> None:
    for name in ("0004_tags.sql", "0005_notes.sql"):
        migrated.write(name, f"CREATE TABLE {name[5:-4]} (id INTEGER PRIMARY KEY);\n")
    migrated.pulumi("config", "set", "through", "0004_tags.sql", "--stack", "dev")
    assert "0005_notes.sql: through is 0004_tags.sql" in migrated.preview()
    migrated.up()
    assert ledger(migrated, "dev") == [*FILES, "0004_tags.sql"] == migrated.outputs()["applied_migrations"]

    migrated.pulumi("config", "rm", "through", "--stack", "dev")
    migrated.up()
    assert ledger(migrated, "dev") == [*FILES, "0004_tags.sql", "0005_notes.sql"]
