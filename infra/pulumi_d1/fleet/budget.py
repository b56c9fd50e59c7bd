"""The number of requests that a run sends, and how long Cloudflare's rate limit makes it. Pure arithmetic."""

from __future__ import annotations

import math
import re
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


def parse_rate(text: str) -> Rate:
    """Return the rate that a text such as `1100/300` names.

    Raises:
        ConfigError: The text has another form.
    """
    if not (match := _RATE.fullmatch(text)):
        example = f"{DEFAULT_RATE.requests}/{DEFAULT_RATE.seconds}"
        raise ConfigError(f"--rate {text}: use REQUESTS/SECONDS, such as {example}")
    return Rate(int(match[1]), int(match[2]))


def make_budget(settings: FleetSettings, rate: Rate, databases: int, listed: int) -> dict[str, tuple[int, int, float]]:
    """Return the requests for one database and for all, and the seconds that these take, in each of three cases.

    Requests that read rows for the rehearsals are left out.

    Args:
        listed: Number of databases that are listed to find those of this shard.

    Raises:
        ConfigError: A file cannot be sent as it is.
    """
    watched = WATCHED if settings.options.on_failure is OnFailure.RESTORE else 0

    def writes(some: Sequence[Migration]) -> int:
        requests = batch_requests(make_request(file, settings.folder, settings.table) for file in some)
        return sum((_IMPORT if item.as_import else 1) + watched for item in requests)

    each = {
        "up to date": READ,
        "the newest file pending": READ + AROUND + writes(settings.files[-1:]),
        "every file pending": FIRST_READ + AROUND + writes(settings.files),
    }
    totals = {case: listing_requests(listed) + one * databases for case, one in each.items()}
    return {case: (each[case], total, rate.seconds_for(total)) for case, total in totals.items()}


def listing_requests(databases: int) -> int:
    """Return the number of requests that list so many databases."""
    return math.ceil(databases / PAGE_SIZE)
