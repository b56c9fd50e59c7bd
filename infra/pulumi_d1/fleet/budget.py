"""The number of requests that a run sends, and how long Cloudflare's rate limit makes it. Pure arithmetic."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.account import PAGE_SIZE
from pulumi_d1.cloudflare.pace import LIMIT, Rate
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.run.batch import batch_requests
from pulumi_d1.migrations.run.options import OnFailure
from pulumi_d1.migrations.run.request import make_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.fleet.reviews import FleetSettings
    from pulumi_d1.migrations.folder import Migration

READ: Final = 1
"""Requests that read ledger and schema."""

FIRST_READ: Final = 2
"""The same if there is no ledger yet, which takes a second request to find out."""

AROUND: Final = 2
"""Requests around the writes: the bookmark before them, ledger and schema after them."""

WATCHED: Final = 2
"""Further requests for each write if `onFailure` is `restore`: the bookmarks before and after it."""

_RATE: Final = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")
_IMPORT: Final = 4
"""Requests of a short import: it is begun, ingested and polled twice. A longer one is polled more often."""

RESERVE: Final = 100
"""Requests per five minutes that are left for other users of the token."""

DEFAULT_RATE: Final = Rate(LIMIT.requests - RESERVE, LIMIT.seconds)


@dataclass(frozen=True, slots=True)
class Budget:
    """The requests of a run over many databases.

    Attributes:
        listing: Requests that list the account's databases.
        cases: Names of cases, each with the requests for one database and those for all.
    """

    rate: Rate
    listing: int
    cases: tuple[tuple[str, int, int], ...]


def parse_rate(text: str) -> Rate:
    """Return the rate that a text such as `1100/300` names.

    Raises:
        ConfigError: The text has another form.
    """
    if not (match := _RATE.fullmatch(text)):
        example = f"{DEFAULT_RATE.requests}/{DEFAULT_RATE.seconds}"
        raise ConfigError(f"--rate {text}: use REQUESTS/SECONDS, such as {example}")
    return Rate(int(match[1]), int(match[2]))


def make_budget(settings: FleetSettings, rate: Rate, databases: int, listed: int) -> Budget:
    """Return the budget of a run, without the requests that read rows for the rehearsals.

    Args:
        listed: Number of databases that are listed to find those of this shard.

    Raises:
        ConfigError: A file cannot be sent as it is.
    """
    watched = WATCHED if settings.options.on_failure is OnFailure.RESTORE else 0

    def writes(some: Sequence[Migration]) -> int:
        requests = batch_requests(make_request(file, settings.folder, settings.table) for file in some)
        return sum((_IMPORT if item.as_import else 1) + watched for item in requests)

    listing = math.ceil(listed / PAGE_SIZE)
    each = {
        "up to date": READ,
        "the newest file pending": READ + AROUND + writes(settings.files[-1:]),
        "every file pending": FIRST_READ + AROUND + writes(settings.files),
    }
    return Budget(rate, listing, tuple((case, one, listing + one * databases) for case, one in each.items()))


def format_duration(seconds: float) -> str:
    """Return a duration such as `45 s`, `12 min`, `3 h 05 min` or `under 1 s`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:  # noqa: PLR2004 - longer ones are clear enough in minutes
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004
