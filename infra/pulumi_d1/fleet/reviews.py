"""Reviews of many databases: those with the same ledger and schema share one rehearsal."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations import live
from pulumi_d1.migrations.live import Live
from pulumi_d1.migrations.review.review import add_findings, review_without_rows, row_counter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.sqlite.schema import SchemaObject

_KEPT: Final = 64
"""Rehearsals that are kept. A fleet has a handful of schemas at a time; where all differ, each costs its own."""


class Reviews:
    """Reviews databases. Safe for threads.

    Args:
        files: the folder, in order.
        table: name of the ledger.
    """

    def __init__(self, files: Sequence[Migration], table: str) -> None:
        self._files = files
        self._table = table
        self._lock = threading.Lock()
        self._of = lru_cache(_KEPT)(self._rehearsed)

    def look(self, database: Database) -> Review:
        """Reads the database, and reviews it.

        Raises:
            ApiError: it can't be read.
        """
        now = live.read(database, self._table)
        # Under the lock, so that the first databases of a fleet do not all run the same rehearsal at once.
        with self._lock:
            done = self._of(now.ledger, now.objects)
        return add_findings(done, self._table, row_counter(database))

    def _rehearsed(self, ledger: tuple[str, ...], objects: tuple[SchemaObject, ...]) -> Review:
        return review_without_rows(self._files, Live(ledger, objects), self._table, {})
