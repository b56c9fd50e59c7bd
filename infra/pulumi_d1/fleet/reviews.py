"""Review many databases. Those with the same ledger and schema share one rehearsal."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations import live
from pulumi_d1.migrations.live import LiveDatabase
from pulumi_d1.migrations.review.review import add_findings, review_without_rows, row_counter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.sqlite.schema import SchemaObject

_CACHED: Final = 64
"""Rehearsals to keep. The databases of a fleet have a handful of different schemas at a time."""


class ReviewCache:
    """Reviews databases. Safe for threads.

    Args:
        files: The files of the folder, in order.
    """

    def __init__(self, files: Sequence[Migration], table: str) -> None:
        self._files = files
        self._table = table
        self._lock = threading.Lock()
        self._rehearsal = lru_cache(_CACHED)(self._rehearse)

    def review(self, database: Database) -> Review:
        """Read a database and return its review.

        Raises:
            ApiError: It cannot be read.
        """
        now = live.read_database(database, self._table)
        # The lock keeps the first databases of a fleet from running the same rehearsal at once.
        with self._lock:
            rehearsal = self._rehearsal(now.ledger, now.objects)
        return add_findings(rehearsal, self._table, row_counter(database))

    def _rehearse(self, ledger: tuple[str, ...], objects: tuple[SchemaObject, ...]) -> Review:
        return review_without_rows(self._files, LiveDatabase(ledger, objects), self._table, {})
