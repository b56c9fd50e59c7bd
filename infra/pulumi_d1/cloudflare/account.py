"""The databases of one account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.cloudflare.answers import field_of, result_of
from pulumi_d1.cloudflare.client import Client, make_client
from pulumi_d1.cloudflare.database import D1Api, database_path
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.cloudflare.pace import Pace

PAGE: Final = 1000
"""Databases that are asked for at a time: the API's default; it gives up to 10,000."""


@dataclass(frozen=True, slots=True)
class Description:
    """What Cloudflare says of a database.

    Attributes:
        id: its UUID.
        name: of it.
        jurisdiction: where its data must stay; empty for anywhere.
        created_at: when it was created; None where Cloudflare does not say.
    """

    id: str
    name: str
    jurisdiction: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account's databases behind Cloudflare's API. Safe for threads.

    Attributes:
        client: speaks to the API.
        id: of the account.
        retry: how reads are asked for again.
    """

    client: Client
    id: str
    retry: Retry = field(default_factory=Retry)

    def databases(self, name: str = "") -> Iterator[Description]:
        """Every database of which `name` is a part of the name, once, a page at a time.

        Raises:
            ApiError: they can't be asked for, or not all of them are there: an answer that is not whole would make
                databases look deleted.
        """
        seen, told = 0, set[str]()  # what is created meanwhile moves others to the next page
        for number in count(1):
            query = {"page": str(number), "per_page": str(PAGE), **({"name": name} if name else {})}
            answer = self.retry.call(partial(self.client.envelope, "GET", database_path(self.id), query=query))
            page, total = result_of(answer), (answer.get("result_info") or {}).get("total_count")
            if not isinstance(page, list) or (not page and not name and seen < (total or 0)):
                raise ApiError(f"Cloudflare's list of databases is not whole: page {number} ends it after {seen}")
            for found in map(_description, page):
                if found.id not in told:
                    told.add(found.id)
                    yield found
            seen += len(page)
            if not page or (total is not None and seen >= total):
                return

    def describe(self, database: str) -> Description:
        """The database of this UUID or name.

        Raises:
            NotFound: there is none.
            ApiError: it can't be asked for.
        """
        # Cloudflare takes a name in place of the UUID, as wrangler does.
        path = database_path(self.id, database)
        return _description(self.retry.call(lambda: self.client.call("GET", path)))

    def create(self, name: str, *, jurisdiction: str = "", location_hint: str = "") -> D1Api:
        """Creates a database. Sent once.

        Raises:
            ApiError: the name is taken (code 7502), or Cloudflare refuses for another reason.
        """
        options = {"jurisdiction": jurisdiction, "primary_location_hint": location_hint}
        body = {"name": name, **{key: value for key, value in options.items() if value}}
        return self.database(field_of(self.client.call("POST", database_path(self.id), body=body), "uuid"))

    def delete(self, database_id: str) -> None:
        """Deletes a database, which no bookmark brings back. Sent once.

        Raises:
            NotFound: there is none.
            ApiError: Cloudflare refuses.
        """
        self.client.call("DELETE", database_path(self.id, database_id))

    def database(self, database_id: str) -> D1Api:
        """The database of this UUID; it is not asked for."""
        return D1Api(self.client, self.id, database_id, self.retry)

    def find(self, name: str) -> D1Api:
        """The database of this UUID or name.

        Raises:
            NotFound: there is none.
            ApiError: it can't be asked for.
        """
        return self.database(self.describe(name).id)


def connect_account(
    account_id: str, *, token: str | None = None, retry: Retry | None = None, pace: Pace | None = None
) -> Account:
    """The account, with the token given or the one in CLOUDFLARE_API_TOKEN.

    Raises:
        ConfigError: there is no token.
    """
    return Account(make_client(token, pace=pace), account_id, retry or Retry())


def _description(found: Any) -> Description:
    if not isinstance(found, dict):
        raise ApiError(f"Cloudflare described a database as {found!s:.200}")
    created = found.get("created_at")
    return Description(
        id=field_of(found, "uuid"),
        name=found.get("name") or "",
        jurisdiction=found.get("jurisdiction") or "",
        created_at=datetime.fromisoformat(created) if created else None,
    )
