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
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dbos import DBOS

from pulumi_d1.errors import D1Error, MemberFailed, OutcomeUnknown
from pulumi_d1.fleet.member import Member
from pulumi_d1.fleet.result import RUNNING, WAITING, RunPlan, Work
from pulumi_d1.fleet.runs import APPLICATION, AWAITED, GATE, MEMBER, OPEN, POLL, REASON, RUN, RUNS, SENT, SERIALIZER
from pulumi_d1.migrations.bookmark import restore_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.fleet.reviews import ReviewCache
    from pulumi_d1.fleet.runs import Runs

T = TypeVar("T")

_DEAD_AFTER: Final = 10  # seconds without a sign of life, while the database answers
_MOST_RUNS: Final = 100
_FOR_EVER: Final = 2**31  # seconds
_SIGN_OF_LIFE: Final = (
    "INSERT INTO d1_fleet_workers AS w VALUES (:own, 0) ON CONFLICT (executor) DO UPDATE SET seen = w.seen + 1"
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

    runs: Runs
    account: Account
    reviews: ReviewCache
    version: str
    stopping: threading.Event = field(default_factory=threading.Event)

    def register(self) -> None:
        """Define the workflows."""

        @DBOS.workflow(name=RUN, max_recovery_attempts=None)
        def run(plan: dict[str, Any]) -> str:
            return self._drive(str(DBOS.workflow_id), RunPlan(**plan))

        @DBOS.workflow(name=MEMBER, max_recovery_attempts=None)
        def member(work: str, name: str, uuid: str, bookmark: str) -> list[str]:
            member = Member(self.account, self.reviews, name, uuid)
            self._leave_stopped_run()
            if work == Work.DELETE:
                self._step("delete", lambda: self._keep(member.delete()))
                return []
            if work == Work.RESTORE:
                before = self._step("bookmark", lambda: self._keep(member.bookmark()))["bookmark"]
                self._step("restore", lambda: self._restore(member, bookmark, before))
                return []
            return self._migrate(member)

    def _migrate(self, member: Member) -> list[str]:
        if not member.id:
            member.id = self._step("create", lambda: self._keep(member.create()))["id"]
        # After a crash, the review is repeated. To record it would cost more than all else if nothing is pending.
        pending = self._attempt("review", member.review)
        if not pending and not self.runs.attributes(str(DBOS.workflow_id)).get("bookmark"):
            return []
        self._enter()
        pending, mark = self._step("bookmark", lambda: (pending, self._mark(member)))
        return self._step("migrate", lambda: member.migrate(pending, mark))

    def _restore(self, member: Member, bookmark: str, before: str) -> None:
        """Restore a database, but not twice: the second time would lose what was written since the first."""
        own, _ = _own()
        if self.runs.attributes(own).get(SENT) and member.bookmark()["bookmark"] != before:
            raise MemberFailed(
                "the answer to its restore was lost, and the database has changed since: it was restored, or others "
                f"wrote to it. Look at its rows. To restore it again: {restore_command(member.name, bookmark)}"
            )
        self._keep({SENT: "yes"})
        try:
            member.database.restore(bookmark)
        except OutcomeUnknown:
            raise
        except D1Error:
            self._keep({SENT: ""})
            raise

    def _keep(self, attributes: dict[str, str]) -> dict[str, str]:
        """Record that this workflow changes its database, and from which bookmark, before the first write."""
        self.runs.set(str(DBOS.workflow_id), **attributes)
        self.runs.database.sync()
        return attributes

    def _mark(self, member: Member) -> dict[str, str]:
        """Return the bookmark from before the first write of this run."""
        kept = self.runs.attributes(str(DBOS.workflow_id))
        return kept if kept.get("bookmark") else self._keep(member.bookmark())

    def _leave_stopped_run(self) -> None:
        """Return this database to its queue if the run has stopped: a worker may take one a moment too late."""
        own, run = _own()
        if self.runs.attributes(run).get(REASON):
            self.runs.close(run)
            self.runs.client.resume_workflows([own], queue_name=run)
            raise _Stopping

    def _enter(self) -> None:
        """Wait until this database may be written to."""
        own, run = _own()
        while OPEN not in (self.runs.attributes(run).get(GATE), gate := self.runs.attributes(own).get(GATE)):
            self._leave_stopped_run()
            if not gate:
                self.runs.set(own, **{GATE: AWAITED})
            self._pause(POLL)
        self._leave_stopped_run()

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
        own, run = _own()
        failed = self.runs.count(run).failed + 1
        # This stops the run before the workflow ends and a worker takes the next database.
        if self.runs.attributes(own).get(GATE) == OPEN:
            self.runs.stop(run, "a canary failed")
        elif failed >= self.runs.get(run).plan.max_failures:
            self.runs.stop(run, f"{failed:,} failed")
        raise MemberFailed(message)

    def _drive(self, run: str, plan: RunPlan) -> str:
        """Let the databases run until all are finished. Return the reason to stop, or an empty text.

        May run again after a crash: all that it decides is in the database.
        """
        while not (kept := self.runs.attributes(run)).get(REASON):
            self.runs.open(run, plan.concurrency)
            counts, gate = self.runs.count(run), kept.get(GATE)
            if counts.failed >= plan.max_failures:
                self.runs.stop(run, f"{counts.failed:,} failed")
            elif not counts.unfinished and (gate == OPEN or not (plan.asks and counts.done)):
                break
            elif not gate:
                self._admit(run, plan)
            self._pause(plan.pause)
        self.runs.close(run)
        while self.runs.count(run).running:
            self._pause(POLL)
        return self.runs.attributes(run).get(REASON, "")

    def _admit(self, run: str, plan: RunPlan) -> None:
        """Let as many canaries in as are missing, or open the gate.

        One whose worker died is missing: it waits in the queue, maybe for a place that those at the gate hold.
        """
        running = self.runs.client.list_workflows(queue_name=run, status=RUNNING, load_input=False, load_output=False)
        counts = self.runs.count(run)  # afterwards, so that a canary that ends meanwhile is not forgotten
        if counts.done >= plan.canaries or not counts.unfinished:
            self.runs.set(run, **{GATE: AWAITED if plan.asks else OPEN})
            return
        gates = {item.workflow_id: (item.attributes or {}).get(GATE) for item in running}
        missing = plan.canaries - counts.done - list(gates.values()).count(OPEN)
        for member in [member for member, gate in gates.items() if gate == AWAITED][: max(missing, 0)]:
            self.runs.set(member, **{GATE: OPEN})

    def _pause(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise _Stopping


def _own() -> tuple[str, str]:
    """Return the IDs of the workflow of a database and of its run."""
    return str(DBOS.workflow_id), str(DBOS.workflow_id).partition("/")[0]


@contextmanager
def serving(worker: Worker, run: str = "") -> Iterator[None]:
    """Work on a run, or on all, while the block runs. At its end, databases in progress finish.

    With PostgreSQL, this worker also returns the databases of workers that died to their queues.
    """
    database, file = worker.runs.database, worker.runs.database.file
    # With SQLite there is one worker at a time, so what its predecessor left is its own.
    executor = "local" if file else f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": database.url,
            "system_database_engine": database.engine,
            "application_version": worker.version,
            "executor_id": executor,
            "serializer": SERIALIZER,
            "log_level": "CRITICAL",  # each failure is in its database's record; DBOS would print tracebacks
        }
    )
    worker.register()
    if run:
        DBOS.listen_queues([RUNS, run])
    database.execute(_SIGN_OF_LIFE, own=executor)
    DBOS.launch()
    # SQLite has one run at a time, and a queue whose worker is busy costs nothing.
    worker.runs.open(RUNS, 1 if file else _MOST_RUNS)
    ended = threading.Event()
    if not file:
        threading.Thread(target=_stay_alive, args=(worker.runs, executor, ended), daemon=True).start()
    try:
        yield
    finally:
        worker.stopping.set()
        # A queue may give this worker a database until DBOS has stopped, so those that wait count as well.
        unfinished = database.execute(
            f"SELECT 1 FROM {worker.runs.workflows} WHERE status = '{RUNNING}' AND executor_id = :own "
            f"OR status = '{WAITING}' AND application_version = :version LIMIT 1",
            own=executor,
            version=worker.version,
        )
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=_FOR_EVER if unfinished else 0)
        ended.set()


def _stay_alive(runs: Runs, executor: str, ended: threading.Event) -> None:
    """Give a sign of life each second, and put the databases of workers that give none back into their queues."""
    others = (
        "SELECT executor, seen FROM d1_fleet_workers WHERE executor <> :own AND EXISTS "
        f"(SELECT 1 FROM {runs.workflows} WHERE executor_id = executor AND status = '{RUNNING}')"
    )
    unchanged = dict[tuple[str, int], int]()
    while not ended.wait(1.0):
        runs.database.execute(_SIGN_OF_LIFE, own=executor)
        # Only looks that the database answered are counted, so an outage of the database kills no worker.
        rows = runs.database.execute(others, own=executor)
        unchanged = {(name, seen): unchanged.get((name, seen), 0) + 1 for name, seen in rows}
        for (name, _), looks in unchanged.items():
            if looks >= _DEAD_AFTER:  # DBOS leaves workflows of other versions to their workers
                DBOS._recover_pending_workflows([name])  # noqa: SLF001 - public in DBOS 1; Conductor calls it too
