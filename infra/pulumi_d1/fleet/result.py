"""The outcome of one database of a run. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MemberState(StrEnum):
    """The outcomes, in the words of the output."""

    DONE = "done"
    """Files were applied, and the database is as rehearsed."""

    UP_TO_DATE = "up to date"
    """Nothing was pending."""

    FAILED = "failed"

    NOT_STARTED = "not started"
    """Nothing was written to it."""


@dataclass(frozen=True, slots=True)
class MemberResult:
    """The outcome of one database.

    Attributes:
        applied: Names of the files that the run applied, in order.
        bookmark: Bookmark from before the first write; empty if nothing was written.
        message: The error, if it failed.
    """

    database: str
    id: str
    state: MemberState
    applied: tuple[str, ...] = ()
    bookmark: str = ""
    message: str = ""
