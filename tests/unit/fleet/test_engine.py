"""A dead worker is remembered as long as a database waits for someone to take it over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbos import DBOS

from pulumi_d1.fleet.engine import take_over
from pulumi_d1.fleet.result import MemberRecord, RunPlan, Work
from pulumi_d1.fleet.runs import Runs
from pulumi_d1.fleet.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_dead_worker_with_databases_of_another_version_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DBOS, "_recover_pending_workflows", lambda _: [])  # as it does if all have another version
    store = open_store("", tmp_path)
    Runs(store).start(RunPlan(Work.UP, "--match '*'", 1), [MemberRecord("tenant", "an-id")], "another version")
    store.execute("INSERT INTO d1_fleet_workers VALUES ('dead', 7)")
    workers = "SELECT executor FROM d1_fleet_workers"

    store.execute("UPDATE workflow_status SET status = 'PENDING', executor_id = 'dead' WHERE queue_name LIKE '2%'")
    take_over(store, "dead", 7)
    assert store.execute(workers) == [("dead",)]

    store.execute("UPDATE workflow_status SET status = 'ENQUEUED'")
    take_over(store, "dead", 8)  # it has given a sign of life
    assert store.execute(workers) == [("dead",)]
    take_over(store, "dead", 7)
    assert store.execute(workers) == []
    store.engine.dispose()
