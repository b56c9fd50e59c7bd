"""The databases of one account."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.cloudflare.answers import is_number, optional_text, parse_object, parse_text
from pulumi_d1.cloudflare.client import Client, make_client
from pulumi_d1.cloudflare.database import D1Api, database_path
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.cloudflare.text import one_line
from pulumi_d1.errors import ApiError, OutcomeUnknown, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.cloudflare.pace import Pace

PAGE_SIZE: Final = 1000
"""Databases in one request: the API's default. The API allows up to 10,000."""

MOST_PAGES: Final = 10_000
"""Ten times the databases that Cloudflare allows in an account."""

_USAGE: Final = "d1AnalyticsAdaptiveGroups"
_ROWS_WRITTEN: Final = f"""
query ($accountTag: string, $filter: ZoneWorkersRequestsFilter_InputObject) {{
  viewer {{
    accounts(filter: {{accountTag: $accountTag}}) {{
      {_USAGE}(limit: 10000, filter: $filter) {{ sum {{ rowsWritten }} dimensions {{ datetimeHour }} }}
    }}
  }}
}}
"""
"""The query of `wrangler d1 info`, whose types and names it has, for all databases."""

_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """Cloudflare's description of a database.

    Attributes:
        id: The UUID.
        jurisdiction: The jurisdiction in which the data must stay; empty for none.
        created_at: The time of creation; None if Cloudflare does not give it.
    """

    id: str
    name: str
    jurisdiction: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The databases of an account behind Cloudflare's API. Safe for threads."""

    client: Client
    id: str
    retry: Retry = field(default_factory=Retry)

    def databases(self, name: str = "") -> Iterator[DatabaseInfo]:
        """Yield each database whose name contains `name`, once.

        Raises:
            ApiError: The request failed, or the list is incomplete: missing databases would look deleted.
        """
        received, yielded = 0, set[str]()  # a database created meanwhile moves others to the next page
        for number in count(1):
            query = {"page": str(number), "per_page": str(PAGE_SIZE), **({"name": name} if name else {})}
            answer = self.retry.call(partial(self.client.call, "GET", database_path(self.id), query=query))
            page, total = answer.result, answer.total_count
            if not isinstance(page, list) or (not page and not name and received < (total or 0)):
                raise ApiError(
                    f"Cloudflare's list of databases is incomplete: it ends at page {number} after {received} databases"
                )
            fresh = [info for info in map(_parse_info, page) if info.id not in yielded]
            for info in fresh:
                if info.id not in yielded:
                    yielded.add(info.id)
                    yield info
            received += len(page)
            if not page or (total is not None and received >= total):
                return
            if not fresh or number == MOST_PAGES:
                raise ApiError(f"Cloudflare's list of databases does not end: page {number} has no other databases")

    def describe(self, database: str) -> DatabaseInfo:
        """Return Cloudflare's description of the database with this UUID or name.

        Raises:
            NotFound: The database does not exist.
            ApiError: The request failed.
        """
        # Cloudflare accepts a name in place of the UUID; wrangler relies on it too.
        path = database_path(self.id, database)
        return self.retry.call(lambda: _parse_info(self.client.call("GET", path).result))

    def create(self, name: str, *, jurisdiction: str = "", location_hint: str = "") -> D1Api:
        """Create a database. Sent once.

        Raises:
            OutcomeUnknown: The database may have been created.
            ApiError: The name is taken (code 7502), or Cloudflare refused for another reason.
        """
        options = {"jurisdiction": jurisdiction, "primary_location_hint": location_hint}
        body = {"name": name, **{key: value for key, value in options.items() if value}}
        answer = self.client.call("POST", database_path(self.id), body=body)
        return self.database(_parse_id(answer.result))

    def delete(self, database_id: str) -> None:
        """Delete a database. No bookmark restores it.

        Raises:
            NotFound: The database does not exist, or a request whose answer was lost has deleted it.
            ApiError: Cloudflare refused.
        """
        self.retry.call(partial(self.client.call, "DELETE", database_path(self.id, database_id)))

    def rows_written(self, since: datetime, until: datetime) -> int:
        """Return the number of rows that all databases of the account have written. Sent once.

        Cloudflare counts them by the hour, and some minutes late.

        Raises:
            Unauthorized: The token may not read metrics.
            ApiError: Cloudflare answered with another error, or not at all.
        """
        times = {f"datetimeHour_{end}": f"{time:%Y-%m-%dT%H:%M:%SZ}" for end, time in (("geq", since), ("leq", until))}
        variables = {"accountTag": self.id, "filter": {"AND": [times]}}
        try:
            groups = self.client.metrics(_ROWS_WRITTEN, variables, _USAGE)
        except Unauthorized as error:
            raise Unauthorized(f"{error}, and to read metrics Account Analytics Read", status=error.status) from error
        sums = [parse_object(group.get("sum")).get("rowsWritten") for group in groups]
        numbers = [number for number in sums if is_number(number)]
        if len(numbers) < len(sums):
            raise OutcomeUnknown("Cloudflare's metrics have no number of rows written")
        return sum(numbers)

    def database(self, database_id: str) -> D1Api:
        """Return the database with this UUID. Sends no request."""
        return D1Api(self.client, self.id, database_id, self.retry)

    def find(self, name: str) -> D1Api:
        """Return the database with this UUID or name.

        Raises:
            NotFound: The database does not exist.
            ApiError: The request failed.
        """
        return self.database(self.describe(name).id)


def connect_account(
    account_id: str, *, token: str | None = None, retry: Retry | None = None, pace: Pace | None = None
) -> Account:
    """Return the account, with the token or the one in CLOUDFLARE_API_TOKEN. Sends no request.

    Raises:
        ConfigError: The token is missing or malformed.
    """
    return Account(make_client(token, pace=pace), account_id, retry or Retry(logs_waits=pace is None))


def _parse_info(item: Any) -> DatabaseInfo:
    return DatabaseInfo(
        id=_parse_id(item),
        name=one_line(optional_text(item, "name")),
        jurisdiction=one_line(optional_text(item, "jurisdiction")),
        created_at=_parse_time(optional_text(item, "created_at")),
    )


def _parse_id(item: Any) -> str:
    """Return the UUID, which becomes part of paths."""
    if not _ID.fullmatch(uuid := parse_text(item, "uuid")):
        raise OutcomeUnknown("Cloudflare's answer has a database whose 'uuid' is none")
    return uuid


def _parse_time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
