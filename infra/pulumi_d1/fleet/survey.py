"""Review every database of a fleet, and write to none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import D1Error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.cloudflare.account import Account, DatabaseInfo
    from pulumi_d1.fleet.reviews import ReviewCache
    from pulumi_d1.migrations.review.review import Review


@dataclass(frozen=True, slots=True)
class MemberReview:
    """The review of one database.

    Attributes:
        review: The review; None if the database or its ledger cannot be read.
        message: The error, if there is no review.
    """

    database: str
    id: str
    review: Review | None
    message: str = ""


def review_members(
    members: Sequence[DatabaseInfo], account: Account, reviews: ReviewCache, concurrency: int
) -> Iterator[MemberReview]:
    """Yield the review of each database, in their order.

    Args:
        concurrency: Number of databases at a time.
    """

    def review(member: DatabaseInfo) -> MemberReview:
        try:
            return MemberReview(member.name, member.id, reviews.review(account.database(member.id)))
        except D1Error as error:
            return MemberReview(member.name, member.id, None, str(error))

    with ThreadPoolExecutor(concurrency, thread_name_prefix="fleet") as pool:
        yield from pool.map(review, members)
