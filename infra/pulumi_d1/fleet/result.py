"""A run and its numbers, as they are read from the database. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

WAITING: Final = "ENQUEUED"
RUNNING: Final = "PENDING"
SUCCESS: Final = "SUCCESS"
CANCELLED: Final = "CANCELLED"
FAILED: Final = "ERROR"
"""DBOS's words for the states of a workflow."""


class Work(StrEnum):
    """The work of a run on each of its databases. The names are stored."""

    UP = "up"
    RESTORE = "restore"
    CREATE = "create"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The instructions of a run. Stored as the input of its workflow.

    Attributes:
        account: The ID of the account.
        selection: The options that selected the databases, as text.
        members: The digest of the databases.
        canaries: Number of databases that must succeed before others are written to.
        asks: True to wait for an approval after the canaries.
        max_failures: Number of failures that stop the run. By default none do: the databases have nothing in common.
        concurrency: Databases at a time, for each worker.
    """

    work: Work
    account: str
    selection: str
    members: str
    total: int
    canaries: int = 0
    asks: bool = False
    max_failures: int = 2**31
    concurrency: int = 8

    @property
    def needs_files(self) -> bool:
        """True if the run applies files."""
        return self.work in {Work.UP, Work.CREATE}

    @property
    def pause(self) -> float:
        """Seconds between two counts of the databases: longer if there are more, as each count reads them all."""
        return 0.1 + self.total / 20_000


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Numbers of databases of a run; `done` are those that it changed."""

    done: int = 0
    up_to_date: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0

    @property
    def unfinished(self) -> int:
        """Number of databases that are running or waiting."""
        return self.running + self.waiting


def state_of(status: str, *, changed: bool) -> str:
    """Return the name in RunCounts for a database whose workflow has this status, and which the run changed or not."""
    succeeded = "done" if changed else "up_to_date"
    return {SUCCESS: succeeded, RUNNING: "running", FAILED: "failed"}.get(status, "waiting")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run.

    Attributes:
        reason: Why the run stopped; empty if it did not.
        version: The digest of its files and settings.
        awaits_approval: True if the canaries succeeded, and a person or a check must approve them.
        restored: True if another run restored its databases.
    """

    id: str
    plan: RunPlan
    status: str
    reason: str
    version: str
    awaits_approval: bool = False
    restored: bool = False

    @property
    def active(self) -> bool:
        """True if the run has not ended."""
        return self.status in {RUNNING, WAITING}

    @property
    def state(self) -> str:
        """The state in words."""
        if self.active:
            return "waits for an approval" if self.awaits_approval else "running"
        # A worker may see the reason and end the run before DBOS marks it as cancelled.
        cancelled = self.status == CANCELLED or self.reason == "cancelled"
        ended = "cancelled" if cancelled else f"stopped: {self.reason}" if self.reason else "ended"
        return f"{ended}, restored" if self.restored else ended


@dataclass(frozen=True, slots=True, order=True)
class MemberRecord:
    """One database of a run.

    Attributes:
        id: The database's UUID; empty if the run is to create it.
        state: A name in RunCounts.
        applied: Names of the files that the run applied, in order.
        bookmark: Bookmark from before the first write; empty if nothing was written. A restore begins with the one to
            restore.
        message: The error, if it failed.
    """

    database: str
    id: str = ""
    state: str = "waiting"
    applied: tuple[str, ...] = ()
    bookmark: str = ""
    message: str = ""


def digest(members: Iterable[MemberRecord]) -> str:
    """Return a digest of the databases of a run, and of what it does with each."""
    ids = sorted((item.database, item.id, item.bookmark) for item in members)
    return sha256(repr(ids).encode()).hexdigest()[:32]
