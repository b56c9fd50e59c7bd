"""Review many databases, and write to none. Equal ones share a review if it needs no rows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import D1Error
from pulumi_d1.migrations import live
from pulumi_d1.migrations.live import LiveDatabase
from pulumi_d1.migrations.plan import make_plan
from pulumi_d1.migrations.rehearsal.rows.options import RowsMode
from pulumi_d1.migrations.review.review import review_current

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.cloudflare.account import Account, DatabaseInfo
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


@dataclass(frozen=True, slots=True)
class MemberReview:
    """The review of one database; None with the error as `message` if it cannot be read."""

    database: str
    id: str
    review: Review | None
    message: str = ""


def review_members(
    members: Sequence[DatabaseInfo], account: Account, reviews: ReviewCache, concurrency: int
) -> Iterator[MemberReview]:
    """Yield the review of each database, in their order; so many at a time."""

    def review(member: DatabaseInfo) -> MemberReview:
        try:
            return MemberReview(member.name, member.id, reviews.review(account.database(member.id)))
        except D1Error as error:
            return MemberReview(member.name, member.id, None, str(error))

    with ThreadPoolExecutor(concurrency, thread_name_prefix="fleet") as pool:
        yield from pool.map(review, members)
