"""Start, read, approve, cancel and repeat runs. No worker is needed for that."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.engine import AWAITED, CLOSED, GATE, MOST_FAILURES, OPEN, REASON, RUN, RUNS
from pulumi_d1.fleet.result import FAILED, RUNNING, SUCCESS, WAITING, MemberRecord, RunPlan, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import sqlalchemy as sa
    from dbos import EnqueueOptions, WorkflowStatus

    from pulumi_d1.fleet.store import Store

_PAGE: Final = 500  # databases in one transaction


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs in a database."""

    store: Store

    def start(self, plan: RunPlan, members: Iterable[MemberRecord], version: str) -> str:
        """Store a run for the workers, and return its ID. Databases are taken in this order."""
        run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
        waiting = iter(members)
        while page := list(islice(waiting, _PAGE)):
            self.store.transaction(partial(self._enqueue, run, plan, page, version))
        options: EnqueueOptions = {
            "workflow_name": RUN,
            "queue_name": RUNS,
            "workflow_id": run,
            "app_version": version,
            "attributes": {MOST_FAILURES: str(plan.max_failures)},
        }
        self.store.client.enqueue(options, asdict(plan))
        return run

    def _enqueue(self, run: str, plan: RunPlan, page: list[MemberRecord], version: str, c: sa.Connection) -> None:
        for member in page:
            options: EnqueueOptions = {
                "workflow_name": str(plan.work),
                "queue_name": run,
                "workflow_id": f"{run}/{member.database}/{member.id}",
                "app_version": version,
            }
            self.store.client.enqueue_in_transaction(c, options, member.database, member.id, member.bookmark)

    def all(self, run: str = "", limit: int = 20) -> list[RunRecord]:
        """Return the newest runs, newest first; or the one with this ID."""
        ids = [run] if run else None
        found = self.store.client.list_workflows(name=RUN, workflow_ids=ids, limit=limit, sort_desc=True)
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
        """Return the run with the same work, selection and version that has not ended, if there is one.

        Raises:
            ConfigError: Another run in SQLite has not ended. The next worker would continue it, even a deletion.
        """
        same = None
        for run in self.store.client.list_workflows(name=RUN, status=[RUNNING, *WAITING], app_version=version):
            record = _record(run)
            if (record.plan.work, record.plan.selection) == (plan.work, plan.selection):
                same = record
            elif self.store.file:
                raise ConfigError(
                    f"run {record.id} ({record.plan.work} {record.plan.selection}) has not ended, and would continue: "
                    f"repeat its command, or run 'd1 fleet cancel {record.id}'"
                )
        return same

    def finished_since(self, run: str, seconds: float) -> int:
        """Return the number of databases that finished in the last seconds."""
        sql = f"SELECT count(*) FROM {self.store.workflows} WHERE queue_name = :run AND completed_at > :since"
        since = (time.time() - seconds) * 1000
        [(count,)] = self.store.execute(sql, run=run, since=since)
        return int(count)

    def members(self, run: str, statuses: Iterable[str] = ()) -> Iterator[MemberRecord]:
        """Yield the databases of a run by name, or those with one of DBOS's statuses."""
        sql, last = f"SELECT workflow_uuid FROM {self.store.workflows} WHERE workflow_uuid LIKE :members", ""
        if statuses:
            sql += f" AND status IN ({', '.join(repr(status) for status in statuses)})"
        sql += f" AND workflow_uuid > :last ORDER BY workflow_uuid LIMIT {_PAGE}"
        while ids := [row[0] for row in self.store.execute(sql, members=f"{run}/%", last=last)]:
            records = {item.workflow_id: _member(item) for item in self.store.client.list_workflows(workflow_ids=ids)}
            yield from (records[item] for item in ids)
            last = ids[-1]

    def awaits_approval(self, run: str) -> bool:
        """Return whether the canaries succeeded and a person or a check must approve them."""
        return self.store.attributes(run).get(GATE) == AWAITED

    def approve(self, run: str, *, approved: bool) -> None:
        """Continue a run after its canaries, or stop it."""
        answer = {GATE: OPEN} if approved else {GATE: CLOSED, REASON: "not approved after the canaries"}
        self.store.client.update_workflow_attributes(run, answer, merge=True)

    def cancel(self, run: str) -> None:
        """Start no other database of a run. Those in progress finish."""
        self.store.client.cancel_workflow(run)
        self.store.client.delete_queue(run)
        self.store.client.update_workflow_attributes(run, {GATE: CLOSED, REASON: "cancelled"}, merge=True)

    def retry(self, run: str) -> None:
        """Repeat the failed step of each failed database, and continue with those not started."""
        while failed := self.store.client.list_workflows(
            queue_name=run, status=list(FAILED), limit=_PAGE, load_input=False, load_output=False
        ):
            for item in failed:
                steps = self.store.client.list_workflow_steps(item.workflow_id)
                start = max((step["function_id"] for step in steps), default=1)
                self.store.client.rewind_workflow(item.workflow_id, start_step=start, queue_name=run)
        self.store.client.update_workflow_attributes(run, {GATE: ""}, merge=True)
        self.store.client.rewind_workflow(run, start_step=1, queue_name=RUNS)


def _record(run: WorkflowStatus) -> RunRecord:
    assert run.input  # noqa: S101 - list_workflows loads it
    plan, reason = RunPlan(**run.input["args"][0]), str(run.output or "")
    return RunRecord(run.workflow_id, plan, run.status, reason, run.app_version or "")


def _member(item: WorkflowStatus) -> MemberRecord:
    name, uuid, _ = item.input["args"] if item.input else ("", "", "")
    attributes = item.attributes or {}
    changed = "bookmark" in attributes
    if item.status == SUCCESS:
        state = "done" if changed else "up to date"
    elif item.status in FAILED:
        state = "failed"
    else:
        state = "running" if item.status == RUNNING else "not started"
    message = str(item.error) if item.error else ("too many workers died on it" if item.status == FAILED[1] else "")
    applied = tuple(item.output) if isinstance(item.output, list) else ()
    return MemberRecord(name, attributes.get("id", uuid), state, applied, attributes.get("bookmark", ""), message)
