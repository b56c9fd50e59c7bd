"""`backupBeforeLoss`: a run that may lose rows makes a backup, unless the database is half changed by batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.quarantine import NONE
from pulumi_d1.migrations.run.options import RunOptions
from pulumi_d1.program.actions.backing_up import back_up_before_loss
from pulumi_d1.program.actions.inputs import DatabaseInputs, FileInputs, MigrationsInputs

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api

TABLE = "d1_migrations"


@pytest.mark.parametrize(
    "last",
    [
        "CREATE VIEW v AS SELECT 1 -- end",
        "CREATE INDEX i ON users (id) -- end",
        "CREATE VIEW v AS SELECT 1 /* never closed",
        "CREATE INDEX i ON users (id) /* never closed *",
    ],
)
def test_a_schema_whose_text_ends_in_a_comment_is_backed_up(database: D1Api, tmp_path: Path, last: str) -> None:
    database.write(f"{ledger.create(TABLE)}; CREATE TABLE users (id INTEGER PRIMARY KEY)")
    database.write(last)
    assert back_up_before_loss(database, inputs_of(database, tmp_path / "backups"))


def inputs_of(database: D1Api, place: Path) -> MigrationsInputs:
    stored = DatabaseInputs(database.account_id, database.database_id, "shop", TABLE, None, None)
    return MigrationsInputs(stored, FileInputs("migrations", "", {}), RunOptions(backup=str(place)), NONE)


def test_a_backup_is_made_unless_the_run_continues_batches(database: D1Api, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    inputs = inputs_of(database, place)
    database.write(f"{ledger.create(TABLE)}; CREATE TABLE users (id INTEGER PRIMARY KEY)")
    assert back_up_before_loss(database, inputs)
    (backup,) = place.glob("*.sql.gz")
    database.write(ledger.begin_batches(TABLE, "0001_users.sql", database.bookmark()))
    assert not back_up_before_loss(database, inputs)
    assert list(place.glob("*.sql.gz")) == [backup]
