"""Review many databases. Those with the same ledger and schema share a review that needs no rows."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations import live
from pulumi_d1.migrations.live import LiveDatabase
from pulumi_d1.migrations.plan import make_plan
from pulumi_d1.migrations.rehearsal.rows.options import RowsMode
from pulumi_d1.migrations.review.review import review_current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.migrations.run.options import RunOptions
    from pulumi_d1.sqlite.schema import SchemaObject

_CACHED: Final = 64
"""Reviews to keep. The databases of a fleet have a handful of different schemas at a time."""


class ReviewCache:
    """Reviews databases. Safe for threads.

    Args:
        files: The files of the folder, in order.
    """

    def __init__(self, files: Sequence[Migration], table: str, options: RunOptions) -> None:
        self._files = files
        self._table = table
        self._options = options.rehearsal
        self._stop = options.stop
        self._lock = threading.Lock()
        self._shared = lru_cache(_CACHED)(self._review)

    def review(self, database: Database) -> Review:
        """Read a database and return its review.

        Raises:
            ApiError: It cannot be read.
        """
        now = live.read_database(database, self._table)
        plan = make_plan(self._files, now.ledger, {}, stop=self._stop)
        if plan.pending and self._options.rows is not RowsMode.MADE:
            return review_current(self._files, now, self._table, plan, database, self._options)
        # The lock keeps the first databases of a fleet from running the same rehearsal at once.
        with self._lock:
            return self._shared(now.ledger, now.objects)

    def _review(self, ledger: tuple[str, ...], objects: tuple[SchemaObject, ...]) -> Review:
        plan = make_plan(self._files, ledger, {}, stop=self._stop)
        return review_current(self._files, LiveDatabase(ledger, objects), self._table, plan, None, self._options)
