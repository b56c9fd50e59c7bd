"""The service's limits, which bound every request. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from d1_emulator.timetravel.timeline import ROTATE_BYTES

if TYPE_CHECKING:
    from d1_emulator.ratelimit import Quota

LARGE_WRITE_BYTES: Final = 1_000_000_000
"""The bytes that one query may add to a database. According to Cloudflare's error list, "GBs" take too long."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The limits of one request.

    Attributes:
        seconds: The longest time for its SQL; None for any time.
        database_bytes: The largest size of its database.
        added_bytes: How much it may add to its database; None for no limit of its own.
        result_bytes: The largest result, as JSON; None for any size.
    """

    seconds: float | None
    database_bytes: int
    added_bytes: int | None
    result_bytes: int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """The service's limits. The defaults are those of a paid account (Cloudflare's page on D1's limits).

    Attributes:
        databases: Databases of one account; 10 on the free plan.
        database_bytes: The largest size of a database; 500 MB on the free plan.
        retention: How far back Time Travel reaches by timestamp; 7 days on the free plan.
        query_seconds: The longest time for the SQL of one request.
        result_bytes: The largest result of one request, measured as JSON.
        rotate_bytes: See `timetravel.timeline.Timeline`; not a limit of the service.
        restores: Restores of one database; None, unlike the service's 10 in 10 minutes, for any number.
    """

    databases: int = 50_000
    database_bytes: int = 10_000_000_000
    retention: timedelta = timedelta(days=30)
    query_seconds: float = 30.0
    result_bytes: int = 50_000_000
    rotate_bytes: int = ROTATE_BYTES
    restores: Quota | None = None

    @property
    def of_query(self) -> RequestLimits:
        """The limits of a query."""
        return RequestLimits(self.query_seconds, self.database_bytes, LARGE_WRITE_BYTES, self.result_bytes)

    @property
    def of_import(self) -> RequestLimits:
        """The limits of an import, which may take any time."""
        return RequestLimits(None, self.database_bytes, None, None)
