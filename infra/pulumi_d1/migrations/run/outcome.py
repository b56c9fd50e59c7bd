"""What an error means, together with the ledger that was read after it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import OutcomeUnknown, SqlRefused

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulumi_d1.errors import ApiError
    from pulumi_d1.migrations.run.request import Request

SETTLE_SECONDS: Final = (1, 2, 4, 8, 15)
"""Pauses between readings of the ledger after an answer was lost: 30 s in all, as long as D1 lets a query run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of a request, and what to do about it; nothing has to be done where `next` is empty.

    Attributes:
        known: what is known.
        next: what to do; `{command}` stands for what runs the migrations.
    """

    known: str
    next: str = ""


_AGAIN = "it reads the ledger before it sends anything"
_UP_LATER = f"run '{{command}}' again once the API answers: {_AGAIN}"

APPLIED = Outcome("applied")
SETTLED = Outcome("is in the ledger now: it took effect, or someone else applied it")
THEIRS = Outcome("was applied by someone else meanwhile")

UNDONE = Outcome(
    "all of it is undone: a file runs as one transaction with its ledger row",
    "mend the file and run '{command}' again",
)
NOT_RUN = Outcome("the ledger does not show it, so it did not take effect", _UP_LATER)
LOST = Outcome(
    f"the ledger does not show it {sum(SETTLE_SECONDS)} s later, D1's limit for a query: it did not take effect",
    _UP_LATER,
)
STILL_RUNNING = Outcome(
    "the ledger does not show it yet; it went as an import, which may still be running",
    f"run '{{command}}' again in a minute: {_AGAIN}",
)
TAKEN_BACK = Outcome(
    "someone else applied it and took it back meanwhile; of this run's attempt all is undone",
    "run '{command}' again when nobody else is at work on the database",
)
UNREAD = Outcome("not known: the ledger can't be read", _UP_LATER)
UNRECORDED = Outcome(
    "it ran, and its ledger row is gone",
    "find who restored the database, or the file or trigger that touches the ledger, before you run '{command}' again",
)


def judge(error: ApiError, request: Request, ledger: Collection[str], table: str) -> Outcome:
    """What became of a request that ended in `error`.

    Args:
        error: how it ended.
        request: one transaction, so all of it took effect or none.
        ledger: names in the ledger `table`, read after the error.
        table: name of the ledger.
    """
    shown = [name for name in request.names if name in ledger]
    lost = isinstance(error, OutcomeUnknown)
    if shown:
        # Of our own transaction the ledger shows all or none, and of a refused one none.
        return SETTLED if lost and len(shown) == len(request.names) else THEIRS
    if lost:
        return STILL_RUNNING if request.as_import else LOST
    if isinstance(error, SqlRefused):
        # The row was there when the request ran, and is not now.
        return TAKEN_BACK if f"UNIQUE constraint failed: {table}.name" in str(error) else UNDONE
    return NOT_RUN
