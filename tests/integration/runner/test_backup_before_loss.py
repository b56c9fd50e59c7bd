"""`backupBeforeLoss`: a run that continues batches makes no backup, because the database is half changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.quarantine import NONE
from pulumi_d1.migrations.run.options import RunOptions
from pulumi_d1.program.actions.backing_up import back_up_before_loss
from pulumi_d1.program.actions.inputs import DatabaseInputs, FileInputs, MigrationsInputs

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api

TABLE = "d1_migrations"


def test_a_backup_is_made_unless_the_run_continues_batches(database: D1Api, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    stored = DatabaseInputs(database.account_id, database.database_id, "shop", TABLE, None, None)
    inputs = MigrationsInputs(stored, FileInputs("migrations", "", {}), RunOptions(backup=str(place)), NONE)
    database.write(f"{ledger.create(TABLE)}; CREATE TABLE users (id INTEGER PRIMARY KEY)")
    assert back_up_before_loss(database, inputs)
    (backup,) = place.glob("*.sql.gz")
    database.write(ledger.begin_batches(TABLE, "0001_users.sql", database.bookmark()))
    assert not back_up_before_loss(database, inputs)
    assert list(place.glob("*.sql.gz")) == [backup]
