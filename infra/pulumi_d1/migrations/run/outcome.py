"""Decide the outcome of a request from its error and the ledger read afterwards. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import NotSent, OutcomeUnknown, SqlRefused, StillRunning, TryLater
from pulumi_d1.migrations.ledger import unfinished
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

_FIX_FIRST = "fix the file, or the rows that it failed on, then run '{command}' again"
ROLLED_BACK = RequestOutcome("rolled back: nothing of the file remains", _FIX_FIRST)
NOT_RUN = RequestOutcome("not applied: the ledger does not list it", _RUN_LATER)
NOT_STARTED = RequestOutcome(NOT_RUN.known, _FIX_FIRST)
"""D1 refused a query before the first batch of a file."""
LOST = RequestOutcome(
    f"not applied: it was sent twice, and the ledger does not list it {sum(SETTLE_SECONDS)} s after each time",
    _RUN_LATER,
)
STILL_RUNNING = RequestOutcome(
    "unknown: Cloudflare reports the import as running, and the ledger does not list the file yet",
    "run '{command}' again in a minute; it reads the ledger before it sends anything",
)
UNFINISHED = RequestOutcome(
    "unknown: the import has begun and not ended; if it died, a part of the file is in the database",
    "run '{command}' again in a minute; if it still reports an unfinished import, restore the bookmark",
)
WAITED_FOR = frozenset({LOST, STILL_RUNNING, UNFINISHED})
"""Outcomes that may become another one while the ledger is read again."""
PARTLY = RequestOutcome(
    "applied in part: the batches before stay, and the ledger does not list the file yet",
    "fix the cause, then run '{command}' again; it continues with the rows that are left",
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


def outcome_of(
    error: ApiError, request: Request, ledger: Collection[str], table: str, *, sent_before: bool = False
) -> RequestOutcome:
    """Return the outcome of a request that ended in `error`.

    Args:
        ledger: The names in the ledger, read after the error.
        sent_before: True if this run has sent the files before, and that response was lost too.
    """
    listed = [name for name in request.names if name in ledger]
    # D1 refused the request because the ledger listed a file before the request ran.
    too_late = isinstance(error, SqlRefused) and f"UNIQUE constraint failed: {table}." in str(error)
    if listed:
        # Of a request of ours the ledger lists all files or none, even if its response was a refusal.
        ran = sent_before or not (too_late or isinstance(error, (TryLater, NotSent)))
        return IN_LEDGER if ran and len(listed) == len(request.names) else BY_OTHERS
    if not {unfinished(name) for name in request.names}.isdisjoint(ledger):
        return UNFINISHED
    if isinstance(error, StillRunning):
        return STILL_RUNNING
    if isinstance(error, OutcomeUnknown):
        return LOST
    if isinstance(error, SqlRefused):
        return UNDONE_BY_OTHERS if too_late else ROLLED_BACK
    return NOT_RUN
