"""Decide the outcome of a request from its error and the ledger read afterwards. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import OutcomeUnknown, SqlRefused
from pulumi_d1.migrations.run.settling import SETTLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulumi_d1.errors import ApiError
    from pulumi_d1.migrations.run.request import Request


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """The outcome of a request, in the words of a run's messages.

    Attributes:
        next: The user's next step, with `{command}` for the command that runs the migrations; empty if none is needed.
    """

    known: str
    next: str = ""


_RUN_LATER = "run '{command}' again once the API responds; it reads the ledger before it sends anything"

APPLIED = RequestOutcome("applied")
IN_LEDGER = RequestOutcome("is in the ledger now: this run or someone else applied it")
BY_OTHERS = RequestOutcome("was applied by someone else during this run")

ROLLED_BACK = RequestOutcome(
    "rolled back: a file and its ledger row are one transaction",
    "fix the file, then run '{command}' again",
)
NOT_RUN = RequestOutcome("not applied: the ledger does not list it", _RUN_LATER)
LOST = RequestOutcome(
    f"not applied: the ledger does not list it after {sum(SETTLE_SECONDS)} s, D1's limit for a query",
    _RUN_LATER,
)
STILL_RUNNING = RequestOutcome(
    "unknown: the ledger does not list it yet, but it was sent as an import, which may still be running",
    "run '{command}' again in a minute; it reads the ledger before it sends anything",
)
UNDONE_BY_OTHERS = RequestOutcome(
    "rolled back; someone else applied the file during this run, and then undid that",
    "run '{command}' again when no one else is changing the database",
)
LEDGER_UNREADABLE = RequestOutcome("unknown: the ledger cannot be read", _RUN_LATER)
ROW_GONE = RequestOutcome(
    "applied, but its ledger row is gone",
    "find out who restored the database, or which file or trigger changes the ledger, before you run '{command}' again",
)


def outcome_of(error: ApiError, request: Request, ledger: Collection[str], table: str) -> RequestOutcome:
    """Return the outcome of a request that ended in `error`.

    Args:
        request: The request: one transaction, so all of it took effect or nothing.
        ledger: The names in the ledger, read after the error.
    """
    listed = [name for name in request.names if name in ledger]
    lost = isinstance(error, OutcomeUnknown)
    if listed:
        # Of our own transaction the ledger lists all files or none, and of a refused one none.
        return IN_LEDGER if lost and len(listed) == len(request.names) else BY_OTHERS
    if lost:
        return STILL_RUNNING if request.as_import else LOST
    if isinstance(error, SqlRefused):
        # The row existed when the request ran, but does not exist now.
        return UNDONE_BY_OTHERS if f"UNIQUE constraint failed: {table}.name" in str(error) else ROLLED_BACK
    return NOT_RUN
