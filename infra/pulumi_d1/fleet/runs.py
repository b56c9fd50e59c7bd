"""The runs in DBOS's tables: start, read, approve, cancel and repeat them. No worker is needed for that."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.result import (
    FAILED,
    RUNNING,
    WAITING,
    MemberRecord,
    RunCounts,
    RunPlan,
    RunRecord,
    Work,
    state_of,
)
from pulumi_d1.system.files import locked
from pulumi_d1.system.shared_database import SharedDatabase, open_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dbos import EnqueueOptions, WorkflowStatus

logger = logging.getLogger(__name__)

APPLICATION: Final = "d1-fleet"
SERIALIZER: Final = DBOSPortableJSONSerializer()
RUNS: Final = "d1-fleet-runs"
RUN: Final = "run"
MEMBER: Final = "member"
"""Names of the queue and of the workflows. They are stored."""

GATE: Final = "gate"  # of a run and of a canary: databases are written to if one of the two is open
AWAITED: Final = "awaited"
OPEN: Final = "open"
REASON: Final = "reason"  # of a run: why it writes to no other database
RESTORED: Final = "restored"  # of a run: the one that restored its databases
SENT: Final = "sent"  # of a database: its restore may have happened
"""Attributes of workflows, and their values. They are stored."""

POLL: Final = 0.1
"""Seconds between two looks into a queue."""

_TABLES: Final = (
    (
        "CREATE TABLE IF NOT EXISTS d1_fleet_slots (account TEXT NOT NULL, slot INTEGER NOT NULL, "
        "seconds FLOAT NOT NULL, free_at FLOAT NOT NULL, PRIMARY KEY (account, slot))"
    ),
    "CREATE TABLE IF NOT EXISTS d1_fleet_workers (executor TEXT PRIMARY KEY, seen BIGINT NOT NULL)",
)
_LOCK: Final = 4160231  # any number, the same in each process: PostgreSQL creates a table twice otherwise
_MOST_IDS: Final = 5  # in a message
_PAGE: Final = 500  # databases that are read at once


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs in a database. Safe for threads."""

    database: SharedDatabase
    client: DBOSClient

    @property
    def workflows(self) -> str:
        """SQL of DBOS's table of workflows."""
        return "workflow_status" if self.database.file else "dbos.workflow_status"

    def start(self, plan: RunPlan, members: Sequence[MemberRecord], version: str) -> str:
        """Store a run for the workers, and return its ID. Databases are taken in this order."""
        run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"

        def enqueue(connection: sa.Connection) -> None:
            for member in members:
                options: EnqueueOptions = {
                    "workflow_name": MEMBER,
                    "queue_name": run,
                    "workflow_id": f"{run}/{member.database}/{member.id}",
                    "app_version": version,
                }
                values = (plan.work.value, member.database, member.id, member.bookmark)
                self.client.enqueue_in_transaction(connection, options, *values)
            options = {"workflow_name": RUN, "queue_name": RUNS, "workflow_id": run, "app_version": version}
            self.client.enqueue_in_transaction(connection, options, asdict(plan))

        if plan.work == Work.RESTORE:
            self.set(plan.selection, **{RESTORED: run})
        self.database.transaction(enqueue)
        return run

    def all(self, run: str = "", limit: int = 20) -> list[RunRecord]:
        """Return the newest runs, newest first; or the one with this ID."""
        ids = [run] if run else None
        found = self.client.list_workflows(name=RUN, workflow_ids=ids, limit=limit, sort_desc=True)
        return [_record(item) for item in found]

    def get(self, run: str = "") -> RunRecord:
        """Return a run, or the newest one.

        Raises:
            ConfigError: There is no such run.
        """
        for record in self.all(run, limit=1):
            return record
        raise ConfigError(f"there is no run {run}: 'd1 fleet history' lists them" if run else "there is no run yet")

    def unfinished(self, plan: RunPlan, version: str) -> RunRecord | None:
        """Return the run with the same instructions and files that has not ended, if there is one.

        With SQLite, runs that apply other files are cancelled: the next worker could not continue them.

        Raises:
            ConfigError: Another run in SQLite has not ended. The next worker would continue it, even a deletion.
        """
        same = None
        for record in map(_record, self.client.list_workflows(name=RUN, status=[RUNNING, WAITING])):
            has_files = record.version == version or not record.plan.needs_files
            if record.plan == plan and has_files:
                same = record
            elif self.database.file and not has_files:
                self.cancel(record.id)
                logger.info(f"cancelled run {record.id}, which had not ended and has other files or settings")
            elif self.database.file:
                raise ConfigError(
                    f"run {record.id} ({record.plan.work} {record.plan.selection}) has not ended: 'd1 fleet retry "
                    f"{record.id}' continues it, 'd1 fleet cancel {record.id}' ends it"
                )
        return same

    def only_active(self) -> str:
        """Return the ID of the run that has not ended.

        Raises:
            ConfigError: There is none, or more than one.
        """
        found = self.client.list_workflows(name=RUN, status=[RUNNING, WAITING], load_output=False)
        if len(found) == 1:
            return found[0].workflow_id
        listed = ", ".join(item.workflow_id for item in found[:_MOST_IDS])
        raise ConfigError(f"more than one run has not ended, name one of {listed}" if found else "no run is running")

    def attributes(self, workflow: str) -> dict[str, str]:
        """Return the attributes of a workflow."""
        sql = f"SELECT CAST(attributes AS TEXT) FROM {self.workflows} WHERE workflow_uuid = :workflow"
        rows = self.database.execute(sql, workflow=workflow)
        return (json.loads(rows[0][0] or "null") or {}) if rows else {}

    def set(self, workflow: str, **attributes: str) -> None:
        """Change attributes of a workflow."""
        self.client.update_workflow_attributes(workflow, attributes, merge=True)

    def count(self, run: str) -> RunCounts:
        """Return the numbers of a run's databases."""
        sql = (
            f"SELECT status, CAST(attributes AS TEXT) LIKE '%\"bookmark\"%', count(*) FROM {self.workflows} "
            "WHERE queue_name = :run GROUP BY 1, 2"
        )
        counts = Counter[str]()
        for status, changed, number in self.database.execute(sql, run=run):
            counts[state_of(status, changed=bool(changed))] += number
        return RunCounts(**counts)

    def finished_since(self, run: str, seconds: float) -> int:
        """Return the number of databases that finished in the last seconds."""
        sql = f"SELECT count(*) FROM {self.workflows} WHERE queue_name = :run AND completed_at > :since"
        [(count,)] = self.database.execute(sql, run=run, since=(time.time() - seconds) * 1000)
        return int(count)

    def members(self, run: str, status: str = "") -> Iterator[MemberRecord]:
        """Yield the databases of a run by name, or those with one of DBOS's statuses."""
        sql, last = f"SELECT workflow_uuid FROM {self.workflows} WHERE workflow_uuid LIKE :members", ""
        if status:
            sql += f" AND status = '{status}'"
        sql += f" AND workflow_uuid > :last ORDER BY workflow_uuid LIMIT {_PAGE}"
        while ids := [row[0] for row in self.database.execute(sql, members=f"{run}/%", last=last)]:
            records = {item.workflow_id: _member(item) for item in self.client.list_workflows(workflow_ids=ids)}
            yield from (records[item] for item in ids)
            last = ids[-1]

    def approve(self, run: str) -> None:
        """Continue a run after its canaries."""
        self.set(run, **{GATE: OPEN})

    def stop(self, run: str, reason: str) -> None:
        """Write to no other database of a run. Those in progress finish."""
        self.set(run, **{REASON: reason})

    def open(self, queue: str, concurrency: int) -> None:
        """Let workers take from a queue."""
        register = partial(self.client.register_queue, queue, worker_concurrency=concurrency)
        self.database.until_connected(lambda: register(polling_interval_sec=POLL))

    def close(self, queue: str) -> None:
        """Let no worker take from a queue."""
        self.database.until_connected(lambda: self.client.delete_queue(queue))

    def cancel(self, run: str) -> None:
        """End a run, also if no worker is there to end it."""
        self.stop(run, "cancelled")
        self.close(run)
        self.client.cancel_workflow(run)

    def retry(self, run: str, *, active: bool) -> None:
        """Repeat the failed step of each failed database, and continue with those not started."""
        while failed := self.client.list_workflows(
            queue_name=run, status=FAILED, limit=_PAGE, load_input=False, load_output=False
        ):
            for item in failed:
                steps = self.client.list_workflow_steps(item.workflow_id)
                start = max((step["function_id"] for step in steps), default=1)
                self.client.rewind_workflow(item.workflow_id, start_step=start, queue_name=run)
        self.set(run, **{REASON: ""} if active else {GATE: "", REASON: ""})
        if not active:
            self.client.rewind_workflow(run, queue_name=RUNS)

    def adopt(self, run: str, version: str) -> None:
        """Let workers of this version take the databases of a run that have not finished."""
        sql = (
            f"UPDATE {self.workflows} SET application_version = :version "
            f"WHERE (workflow_uuid = :run OR queue_name = :run) AND status IN ('{RUNNING}', '{WAITING}') "
            "AND application_version <> :version"
        )
        self.database.execute(sql, version=version, run=run)

    @contextmanager
    def held(self, patience: float = 1.0) -> Iterator[None]:
        """Keep other processes from working on the runs in SQLite while the block runs.

        Raises:
            ConfigError: Another process works on them.
        """
        file = self.database.file
        busy = f"{file}: another 'd1 fleet' works on its runs: wait for it, or stop it"
        with locked(file, busy=busy, patience=patience) if file else nullcontext():
            yield

    def are_held(self) -> bool:
        """Return whether another process works on the runs in SQLite. Always true for PostgreSQL."""
        try:
            with self.held(patience=0.0):  # so briefly that nobody who works on them is refused
                return not self.database.file
        except ConfigError:
            return True


def open_runs(url: str, folder: Path) -> Runs:
    """Open the database of all runs, and create the tables that are missing: DBOS's and two of ours.

    Args:
        url: The URL of PostgreSQL; empty for SQLite in `folder`.

    Raises:
        ConfigError: The URL is malformed, or the database cannot be opened.
    """
    database = open_database(url, folder / "fleet.sqlite", _set_up)
    return Runs(
        database,
        DBOSClient(system_database_engine=database.engine, serializer=SERIALIZER, application_name=APPLICATION),
    )


def _set_up(database: SharedDatabase) -> None:
    with database.engine.begin() as connection:
        if not database.file:
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        for table in _TABLES:
            connection.execute(sa.text(table))
    DBOS.migrate(database.url)


def _arguments(item: WorkflowStatus) -> list[Any]:
    values: dict[str, Any] = dict(item.input or {})
    return list(values["args"])


def _record(run: WorkflowStatus) -> RunRecord:
    try:
        ([plan], kept) = _arguments(run), run.attributes or {}
        plan = RunPlan(**{**plan, "work": Work(plan["work"])})
    except (TypeError, ValueError, KeyError):
        raise ConfigError(f"run {run.workflow_id} cannot be read: use the pulumi-d1 version that stored it") from None
    reason, awaits = str(run.output or run.error or ""), kept.get(GATE) == AWAITED and not kept.get(REASON)
    return RunRecord(run.workflow_id, plan, run.status, reason, run.app_version or "", awaits, RESTORED in kept)


def _member(item: WorkflowStatus) -> MemberRecord:
    (_, name, uuid, _), attributes = _arguments(item), item.attributes or {}
    state, message = state_of(item.status, changed="bookmark" in attributes), str(item.error or "")
    applied = tuple(item.output) if isinstance(item.output, list) else ()
    return MemberRecord(name, attributes.get("id", uuid), state, applied, attributes.get("bookmark", ""), message)
