"""How one database of a run ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What has become of a database."""

    DONE = "done"
    """Files were applied, and it is what their rehearsal made of it."""

    UP_TO_DATE = "up to date"
    """Nothing was pending."""

    FAILED = "failed"

    NOT_STARTED = "not started"
    """Nothing was written to it."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one database ended.

    Attributes:
        database: its name.
        id: its UUID.
        state: what has become of it.
        applied: names of the files that the run applied, in order.
        bookmark: from before the first write; empty where there was none.
        message: why it failed.
    """

    database: str
    id: str
    state: State
    applied: tuple[str, ...] = ()
    bookmark: str = ""
    message: str = ""
