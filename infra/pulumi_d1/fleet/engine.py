"""The workflows of a run, on DBOS: one for the run, one for each of its databases.

The databases of a run wait in a queue of its own, whose name is the run's. Workers take from a queue as long as it is
registered, so deleting it stops a run. Before its first write, a database waits for the gate: the run's workflow opens
it for canaries, and then for all.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dbos import DBOS

from pulumi_d1.errors import D1Error, MemberFailed
from pulumi_d1.fleet.member import Member
from pulumi_d1.fleet.result import CANCELLED, FAILED, RUNNING, WAITING, RunPlan, Work
from pulumi_d1.fleet.store import APPLICATION, SERIALIZER
from pulumi_d1.system.files import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.fleet.reviews import ReviewCache
    from pulumi_d1.fleet.store import Store

T = TypeVar("T")

RUNS: Final = "d1-fleet-runs"
RUN: Final = "run"
GATE: Final = "gate"
AWAITED: Final = "awaited"
OPEN: Final = "open"
CLOSED: Final = "closed"
REASON: Final = "reason"
MOST_FAILURES: Final = "most_failures"
"""Attributes of workflows: whether the databases of a run may be written to, and whether one may before the others."""

_POLL: Final = 0.1  # seconds between two looks into a queue
_PARKED_SECONDS: Final = 0.1
_DEAD_AFTER: Final = 10  # seconds without a sign of life, while the database answers
_MOST_RUNS: Final = 100
_FOR_EVER: Final = 2**31  # seconds
_SIGN_OF_LIFE: Final = (
    "INSERT INTO d1_fleet_workers VALUES (:executor, 0) "
    "ON CONFLICT (executor) DO UPDATE SET seen = d1_fleet_workers.seen + 1"
)


class _Stopping(BaseException):
    """This process stops. Another one, or the next, continues the step: DBOS must not record it as failed."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The means of a process to work on runs.

    Attributes:
        version: The digest of files and settings. Runs of other versions are left to other workers.
        stopping: Set to take no more databases.
    """

    store: Store
    account: Account
    reviews: ReviewCache
    version: str
    stopping: threading.Event = field(default_factory=threading.Event)

    def register(self) -> None:
        """Define the workflows. The names are stored."""
        for work, steps in {
            Work.UP: self._migrate,
            Work.CREATE: self._migrate,
            Work.RESTORE: self._restore,
            Work.DELETE: self._delete,
        }.items():
            DBOS.workflow(name=work)(wraps(steps)(partial(steps)))  # it sets attributes, as it cannot on a method
        DBOS.workflow(name=RUN, max_recovery_attempts=None)(wraps(self._run)(partial(self._run)))

    def _migrate(self, name: str, uuid: str, _bookmark: str) -> list[str]:
        member = Member(self.account, self.reviews, name, uuid)
        if not uuid:
            member.id = self._step("create", lambda: self._keep({"bookmark": "", "id": member.create()})["id"])
        # After a crash, the review is repeated. To record it would cost more than all else if nothing is pending.
        pending = self._attempt("review", member.review)
        if not pending and not self.store.attributes(str(DBOS.workflow_id)).get("bookmark"):
            return []
        pending, mark = self._step("bookmark", lambda: (pending, self._keep(self._enter(member))))
        return self._step("migrate", lambda: member.migrate(pending, mark))

    def _restore(self, name: str, uuid: str, bookmark: str) -> list[str]:
        member = Member(self.account, self.reviews, name, uuid)
        self._step("bookmark", lambda: self._keep(member.bookmark()))
        self._step("restore", lambda: member.restore(bookmark))
        return []

    def _delete(self, name: str, uuid: str, _bookmark: str) -> list[str]:
        self._step("delete", lambda: self._keep(Member(self.account, self.reviews, name, uuid).delete()))
        return []

    def _keep(self, attributes: dict[str, str]) -> dict[str, str]:
        """Record that this workflow changes its database, and from which bookmark, before the first write."""
        DBOS.update_workflow_attributes(str(DBOS.workflow_id), attributes, merge=True)
        self.store.sync()
        return attributes

    def _enter(self, member: Member) -> dict[str, str]:
        """Wait until this database may be written to, and return its bookmark."""
        own = str(DBOS.workflow_id)
        run = own.partition("/")[0]
        while (gate := self.store.attributes(run).get(GATE)) != OPEN:
            mine = self.store.attributes(own).get(GATE)
            if mine == OPEN:
                break
            if gate == CLOSED:  # back into the queue
                DBOS.resume_workflows([own], queue_name=run)
                raise _Stopping
            if not mine:
                DBOS.update_workflow_attributes(own, {GATE: AWAITED}, merge=True)
            self._pause(_PARKED_SECONDS)
        return member.bookmark()

    def _run(self, values: dict[str, Any]) -> str:
        return DBOS.run_step({"name": RUN}, self._drive, str(DBOS.workflow_id), RunPlan(**values))

    def _drive(self, run: str, plan: RunPlan) -> str:
        """Let the databases run until all are finished. Return the reason to stop, or an empty text.

        May run again after a crash: all that it decides is in the database.
        """
        DBOS.register_queue(
            run, worker_concurrency=plan.concurrency, polling_interval_sec=_POLL, on_conflict="always_update"
        )
        reason = ""
        while not reason:
            start = time.monotonic()
            counts, kept = self.store.count(run), self.store.attributes(run)
            if self.store.status(run) == CANCELLED:
                reason = "cancelled"
            elif kept.get(GATE) == CLOSED:
                reason = kept[REASON]
            elif counts.failed >= plan.max_failures:
                reason = f"{counts.failed:,} failed"
            elif not kept.get(GATE):
                reason = self._prove(run, plan)
            if not counts.running and not counts.waiting:
                break
            self._pause(max(_POLL, 20 * (time.monotonic() - start)))
        if reason:
            DBOS.update_workflow_attributes(run, {GATE: CLOSED, REASON: reason}, merge=True)
        DBOS.delete_queue(run)
        while self.store.count(run).running:
            self._pause(_POLL)
        return reason if self.store.count(run).waiting else ""

    def _prove(self, run: str, plan: RunPlan) -> str:
        """Let as many canaries in as are missing, or open the gate. Return the reason to stop, or an empty text."""
        running = DBOS.list_workflows(queue_name=run, status=RUNNING, load_input=False, load_output=False)
        counts = self.store.count(run)  # afterwards, so that a canary that ends meanwhile is not forgotten
        if counts.done >= plan.canaries:
            DBOS.update_workflow_attributes(run, {GATE: AWAITED if plan.asks else OPEN}, merge=True)
            return ""
        if counts.failed and self.store.execute(
            f"SELECT 1 FROM {self.store.workflows} WHERE queue_name = :run AND status IN {FAILED} "
            f'AND CAST(attributes AS TEXT) LIKE \'%"{GATE}"%"{OPEN}"%\' LIMIT 1',
            run=run,
        ):
            return "a canary failed"
        gates = {item.workflow_id: (item.attributes or {}).get(GATE) for item in running}
        missing = plan.canaries - counts.done - list(gates.values()).count(OPEN)
        for member in [member for member, gate in gates.items() if gate == AWAITED][: max(missing, 0)]:
            DBOS.update_workflow_attributes(member, {GATE: OPEN}, merge=True)
        return ""

    def _step(self, name: str, work: Callable[[], T]) -> T:
        """Run a step, whose result is recorded."""
        return DBOS.run_step({"name": name}, self._attempt, name, work)

    def _attempt(self, name: str, work: Callable[[], T]) -> T:
        """Return the result of `work`. Whatever a database answers, only its workflow fails, with the reason."""
        try:
            return work()
        except D1Error as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001 - its text may contain values of rows
            message = f"unexpected {type(error).__name__} in step {name}: please report it"
        run = str(DBOS.workflow_id).partition("/")[0]
        failed = self.store.count(run).failed + 1
        if failed >= int(self.store.attributes(run)[MOST_FAILURES]):
            # At once, because the run's workflow would see it a moment later.
            DBOS.update_workflow_attributes(run, {GATE: CLOSED, REASON: f"{failed:,} failed"}, merge=True)
        raise MemberFailed(message)

    def _pause(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise _Stopping


@contextmanager
def serving(worker: Worker) -> Iterator[None]:
    """Work on the runs while the block runs. At its end, databases in progress finish.

    With PostgreSQL, this worker also takes over the databases of workers that died.

    Raises:
        ConfigError: Another process works on the runs in SQLite.
    """
    store, file = worker.store, worker.store.file
    busy = f"{file}: another 'd1 fleet' works on its runs: wait for it, or stop it"
    with locked(file, busy=busy) if file else nullcontext():
        # With SQLite there is one worker at a time, so what its predecessor left is its own.
        executor = "local" if file else f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": store.engine.url.render_as_string(hide_password=False),
                "system_database_engine": store.engine,
                "application_version": worker.version,
                "executor_id": executor,
                "serializer": SERIALIZER,
                "log_level": "CRITICAL",  # each failure is in its database's record; DBOS would print tracebacks
            }
        )
        worker.register()
        store.execute(_SIGN_OF_LIFE, executor=executor)
        DBOS.launch()
        # SQLite has one run at a time, and a queue whose worker is busy costs nothing.
        runs = 1 if file else _MOST_RUNS
        DBOS.register_queue(RUNS, worker_concurrency=runs, polling_interval_sec=_POLL, on_conflict="always_update")
        ended = threading.Event()
        if not store.file:
            threading.Thread(target=_stay_alive, args=(store, executor, ended), daemon=True).start()
        try:
            yield
        finally:
            worker.stopping.set()
            # A queue may give this worker a database until DBOS has stopped, so those that wait count as well.
            unfinished = store.execute(
                f"SELECT 1 FROM {store.workflows} WHERE status = '{RUNNING}' AND executor_id = :own "
                f"OR status = '{WAITING[0]}' AND application_version = :version LIMIT 1",
                own=executor,
                version=worker.version,
            )
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=_FOR_EVER if unfinished else 0)
            ended.set()


def _stay_alive(store: Store, executor: str, ended: threading.Event) -> None:
    """Give a sign of life each second, and take over the workflows of workers that give none."""
    unchanged = dict[tuple[str, int], int]()
    while not ended.wait(1.0):
        store.execute(_SIGN_OF_LIFE, executor=executor)
        rows = store.execute("SELECT executor, seen FROM d1_fleet_workers WHERE executor <> :own", own=executor)
        # Only looks that the database answered are counted, so an outage of the database kills no worker.
        unchanged = {(name, seen): unchanged.get((name, seen), 0) + 1 for name, seen in rows}
        for (name, seen), looks in unchanged.items():
            if looks >= _DEAD_AFTER:
                take_over(store, name, seen)


def take_over(store: Store, executor: str, seen: int) -> None:
    """Put the databases of a dead worker back into their queues. Forget the worker if it has no others left.

    DBOS skips those of other versions. A worker of theirs takes them over later.
    """
    DBOS._recover_pending_workflows([executor])  # noqa: SLF001 - public in DBOS 1; Conductor calls it too
    store.execute(
        "DELETE FROM d1_fleet_workers WHERE executor = :executor AND seen = :seen AND NOT EXISTS "
        f"(SELECT 1 FROM {store.workflows} WHERE executor_id = :executor AND status = '{RUNNING}')",
        executor=executor,
        seen=seen,
    )
