"""How many requests a run sends, and how long Cloudflare's limit on them makes it. Pure arithmetic."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.pace import LIMIT, Rate
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.run.batch import batched
from pulumi_d1.migrations.run.recovery import OnFailure
from pulumi_d1.migrations.run.request import make_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.fleet.member import Terms
    from pulumi_d1.migrations.folder import Migration

READ: Final = 1
"""Requests that tell whether a database is up to date: ledger and schema in one."""

FIRST_READ: Final = 2
"""The same where there is no ledger yet, which a second one tells."""

AROUND: Final = 2
"""Requests around the writes: the bookmark before them, ledger and schema after them."""

COUNTS: Final = 3
"""More, at most, where a file puts rows at risk: counted for lint, before the first write, and after the last."""

WATCHED: Final = 2
"""More for each write where `onFailure` is `restore`: the bookmark before it and behind it."""

_RATE: Final = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")
_IMPORT: Final = 4
"""An import is begun, ingested and asked after; how often it is asked depends on how long it takes: twice is short."""


RESERVE: Final = 100
"""Requests in each five minutes that are left for whoever else uses the token."""

DEFAULT: Final = Rate(LIMIT.requests - RESERVE, LIMIT.seconds)


@dataclass(frozen=True, slots=True)
class Budget:
    """The requests of a run over many databases.

    Attributes:
        databases: how many there are.
        listing: requests that find them.
        newest: for each database that lacks the newest file alone.
        all: for each database that has nothing yet.
        rate: that is kept to.
    """

    databases: int
    listing: int
    newest: int
    all: int
    rate: Rate

    def cases(self) -> tuple[tuple[str, int, int], ...]:
        """What each database may need: in words, requests for one, requests for all."""
        each = (("up to date", READ), ("the newest file pending", self.newest), ("every file pending", self.all))
        return tuple((words, number, self.listing + number * self.databases) for words, number in each)


def read_rate(text: str) -> Rate:
    """A rate as it is written: `1100/300`.

    Raises:
        ConfigError: it is not written so.
    """
    if not (found := _RATE.fullmatch(text)):
        raise ConfigError(f"--rate {text}: it is REQUESTS/SECONDS, such as {DEFAULT.requests}/{DEFAULT.seconds}")
    return Rate(int(found[1]), int(found[2]))


def make_budget(files: Sequence[Migration], terms: Terms, databases: int, *, listing: int, rate: Rate) -> Budget:
    """The budget of a run.

    Args:
        files: the folder, in order.
        terms: hold for each database.
        databases: how many there are.
        listing: requests that find them.
        rate: that is kept to.

    Raises:
        ConfigError: a file can't be sent as it is.
    """
    watched = WATCHED if terms.on_failure is OnFailure.RESTORE else 0

    def writes(some: Sequence[Migration]) -> int:
        requests = batched(make_request(file, terms.folder, terms.table) for file in some)
        return sum((_IMPORT if item.as_import else 1) + watched for item in requests)

    newest = READ + AROUND + writes(files[-1:])
    return Budget(databases, listing, newest, FIRST_READ + AROUND + writes(files), rate)


def left(seconds: float, requests: int, done: int, of: int, rate: Rate) -> float:
    """Seconds until a run is over, by what it has taken so far and by its rate: the longer one.

    Args:
        seconds: since it began.
        requests: sent since then.
        done: databases that are finished; at least one.
        of: how many there are.
        rate: that is kept to.
    """
    share = (of - done) / done
    return max(seconds * share, requests * share * rate.seconds / rate.requests if requests > rate.requests else 0.0)


def duration(seconds: float) -> str:
    """`45 s`, `12 min` or `3 h 05 min`; no time at all is `under 1 s`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:  # noqa: PLR2004 - from there on minutes say enough
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004
