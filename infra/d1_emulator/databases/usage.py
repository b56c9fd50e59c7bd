"""Rows and queries of each hour, which the service reports as metrics. They are kept until the emulator ends.

The numbers of rows are those of the answers' `meta`, which are approximations.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.sqlite.execute import StatementResult


@dataclass(slots=True)
class HourUsage:
    """Numbers of the queries and rows of a database in one hour."""

    read_queries: int = 0
    write_queries: int = 0
    rows_read: int = 0
    rows_written: int = 0


class Usage:
    """The usage of all databases, deleted ones included. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hours: defaultdict[tuple[str, str, datetime], HourUsage] = defaultdict(HourUsage)

    def add(self, account: str, uuid: str, results: Iterable[StatementResult]) -> None:
        """Count the statements of a request."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        with self._lock:
            usage = self._hours[account, uuid, hour]
            for result in results:
                usage.read_queries += not result.changed_db
                usage.write_queries += result.changed_db
                usage.rows_read += result.rows_read
                usage.rows_written += result.rows_written

    def of_account(self, account: str) -> list[tuple[str, datetime, HourUsage]]:
        """Return the database, the start of the hour and the usage of each hour with queries, oldest first."""
        with self._lock:
            listed = [(uuid, hour, usage) for (owner, uuid, hour), usage in self._hours.items() if owner == account]
        return sorted(listed, key=lambda item: item[1])
