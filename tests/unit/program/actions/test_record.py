"""The outputs of a run: a true history, and the restore command of the last write."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.past.history import LIMIT
from pulumi_d1.program.actions.inputs import NO_STATE, migrations_state
from pulumi_d1.program.actions.record import RunRecord
from pulumi_d1.system.actor import Actor

if TYPE_CHECKING:
    from pulumi_d1.program.actions.inputs import MigrationsState

FIRST = Bookmark("b1", datetime(2026, 11, 1, tzinfo=UTC), timedelta(days=30))
SECOND = Bookmark("b2", datetime(2026, 11, 2, tzinfo=UTC), timedelta(days=7))
FILES = [Migration(name, f"SELECT '{name}';") for name in ("1.sql", "2.sql", "3.sql")]
ADA = Actor("ada@example.com", "c0ffee")


def stored(outputs: dict[str, Any]) -> MigrationsState:
    """Return the outputs as the next run reads them."""
    return migrations_state({"migrations_table": "d1_migrations", **json.loads(json.dumps(outputs))})


def test_the_state_returns_what_was_recorded() -> None:
    record = RunRecord(FILES, NO_STATE, ADA)
    record.add(("1.sql", "2.sql"), 0.25, FIRST)
    outputs = record.outputs(("1.sql", "2.sql"), FIRST, "shop")
    assert stored(outputs).history == tuple(record.applications)
    assert outputs["restore_command"] == "wrangler d1 time-travel restore shop --bookmark=b1"

    again = RunRecord(FILES, stored(outputs), ADA).outputs(("1.sql", "2.sql"), SECOND, "shop")
    assert again == outputs, "a run with nothing to do changes nothing"


def test_what_others_applied_is_not_in_the_history() -> None:
    record = RunRecord(FILES, NO_STATE, ADA)
    record.add(("2.sql",), 0.25, FIRST)
    outputs = record.outputs(("1.sql", "2.sql"), FIRST, "shop")
    assert [application["name"] for application in outputs["history"]] == ["2.sql"]
    assert list(outputs["checksums"]) == ["1.sql", "2.sql"]


def test_a_long_history_is_cut_and_the_first_digest_of_a_file_stays() -> None:
    state = replace(NO_STATE, checksums={"1.sql": "d1"}, bookmark={"id": "b1"}, restore_command="restore")
    record = RunRecord(FILES, state, ADA)
    assert record.outputs(("1.sql",), SECOND, "shop")["history"] == []
    for _ in range(LIMIT):
        record.add(("2.sql", "3.sql"), 0.1, SECOND)
    outputs = record.outputs(("1.sql", "2.sql", "3.sql"), SECOND, "shop")
    assert len(outputs["history"]) == LIMIT
    assert outputs["checksums"]["1.sql"] == "d1"
    assert outputs["bookmark"]["id"] == "b2"
