"""Review many databases, and write to none. Equal ones share a review if it needs no rows."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import D1Error
from pulumi_d1.migrations import live
from pulumi_d1.migrations.live import LiveDatabase
from pulumi_d1.migrations.plan import make_plan
from pulumi_d1.migrations.rehearsal.rows.options import RowsMode
from pulumi_d1.migrations.review.review import review_current

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.fleet.result import MemberRecord
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.plan import MigrationPlan
    from pulumi_d1.migrations.review.review import Review
    from pulumi_d1.migrations.run.options import RunOptions

_CACHED: Final = 64
"""Reviews to keep. The databases of a fleet have a handful of different schemas at a time."""


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """The files of a run, and how each database gets them.

    Attributes:
        folder: Folder of the migrations, as the user wrote it.
        files: The files of the folder, in order.
    """

    folder: str
    files: Sequence[Migration]
    table: str
    options: RunOptions

    def version(self, account: str) -> str:
        """Return a digest of all that decides what a member's migration does. Workers with another one do not help."""
        files = [[file.name, file.sha256] for file in self.files]
        parts = [account, self.folder, self.table, self.options.as_json(), files]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


class ReviewCache:
    """Reviews databases. Safe for threads."""

    def __init__(self, settings: FleetSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._shared = lru_cache(_CACHED)(lambda *schema: self._review(LiveDatabase(*schema)))

    def review(self, database: Database) -> Review:
        """Read a database and return its review.

        Raises:
            ApiError: It cannot be read.
        """
        now = live.read_database(database, self.settings.table)
        if self._plan(now).pending and self.settings.options.rehearsal.rows is not RowsMode.MADE:
            return self._review(now, database)
        # The lock keeps the first databases of a fleet from running the same rehearsal at once.
        with self._lock:
            return self._shared(now.ledger, now.objects)

    def _plan(self, now: LiveDatabase) -> MigrationPlan[Migration]:
        return make_plan(self.settings.files, now.ledger, {}, stop=self.settings.options.stop)

    def _review(self, now: LiveDatabase, database: Database | None = None) -> Review:
        own = self.settings
        return review_current(own.files, now, own.table, self._plan(now), database, own.options.rehearsal)


@dataclass(frozen=True, slots=True)
class MemberReview:
    """The review of one database; None with the error as `message` if it cannot be read."""

    database: str
    id: str
    review: Review | None
    message: str = ""


def review_members(
    members: Sequence[MemberRecord], account: Account, reviews: ReviewCache, concurrency: int
) -> Iterator[MemberReview]:
    """Yield the review of each database, in their order; so many at a time."""

    def review(member: MemberRecord) -> MemberReview:
        try:
            return MemberReview(member.database, member.id, reviews.review(account.database(member.id)))
        except D1Error as error:
            return MemberReview(member.database, member.id, None, str(error))

    with ThreadPoolExecutor(concurrency, thread_name_prefix="fleet") as pool:
        yield from pool.map(review, members)
