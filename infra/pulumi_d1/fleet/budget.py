"""The number of requests that a run sends, and how long Cloudflare's rate limit makes it. Pure arithmetic."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.pace import LIMIT, Rate
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.run.batch import batch_requests
from pulumi_d1.migrations.run.options import OnFailure
from pulumi_d1.migrations.run.request import make_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.fleet.member import FleetSettings
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
        databases: Number of databases.
        newest_file: Requests for a database that lacks only the newest file.
    """

    databases: int
    listing: int
    newest_file: int
    every_file: int
    rate: Rate

    def cases(self) -> tuple[tuple[str, int, int], ...]:
        """Return for each case its name, the requests for one database, and those for all."""
        each = (
            ("up to date", READ),
            ("the newest file pending", self.newest_file),
            ("every file pending", self.every_file),
        )
        return tuple((case, number, self.listing + number * self.databases) for case, number in each)


def parse_rate(text: str) -> Rate:
    """Return the rate that a text such as `1100/300` names.

    Raises:
        ConfigError: The text has another form.
    """
    if not (match := _RATE.fullmatch(text)):
        example = f"{DEFAULT_RATE.requests}/{DEFAULT_RATE.seconds}"
        raise ConfigError(f"--rate {text}: use REQUESTS/SECONDS, such as {example}")
    return Rate(int(match[1]), int(match[2]))


def make_budget(
    files: Sequence[Migration], settings: FleetSettings, databases: int, *, listing: int, rate: Rate
) -> Budget:
    """Return the budget of a run, without the requests that read rows for the rehearsals.

    Args:
        files: The files of the folder, in order.
        databases: Number of databases.

    Raises:
        ConfigError: A file cannot be sent as it is.
    """
    watched = WATCHED if settings.options.on_failure is OnFailure.RESTORE else 0

    def writes(some: Sequence[Migration]) -> int:
        requests = batch_requests(make_request(file, settings.folder, settings.table) for file in some)
        return sum((_IMPORT if item.as_import else 1) + watched for item in requests)

    newest_file = READ + AROUND + writes(files[-1:])
    return Budget(databases, listing, newest_file, FIRST_READ + AROUND + writes(files), rate)


def format_duration(seconds: float) -> str:
    """Return a duration such as `45 s`, `12 min`, `3 h 05 min` or `under 1 s`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:  # noqa: PLR2004 - longer ones are clear enough in minutes
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004
