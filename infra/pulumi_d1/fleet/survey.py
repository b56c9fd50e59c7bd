"""Looks at every database of a fleet. Writes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.cloudflare.account import Account, Description
    from pulumi_d1.fleet.reviews import Reviews
    from pulumi_d1.migrations.review.review import Review


@dataclass(frozen=True, slots=True)
class Look:
    """One database.

    Attributes:
        database: its name.
        id: its UUID.
        review: what a run would do; None where it can't be read.
        message: why it can't.
    """

    database: str
    id: str
    review: Review | None
    message: str = ""


def survey(members: Sequence[Description], account: Account, reviews: Reviews, concurrency: int) -> Iterator[Look]:
    """A look at each database, in their order.

    Args:
        members: the databases.
        account: they are in.
        reviews: reviews them.
        concurrency: how many at a time.
    """

    def look(member: Description) -> Look:
        try:
            return Look(member.name, member.id, reviews.look(account.database(member.id)))
        except ApiError as error:
            return Look(member.name, member.id, None, str(error))

    with ThreadPoolExecutor(concurrency, thread_name_prefix="fleet") as pool:
        yield from pool.map(look, members)
