"""The one seam to the world: a D1 database behind Cloudflare's REST API, through the official client.

Address and token come from the environment (CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN): nothing here knows whether it
speaks to Cloudflare or to the emulator.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from infra.errors import ApiError, ConfigError, NotFound, OutcomeUnknown, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cloudflare import Cloudflare

Row = dict[str, Any]

T = TypeVar("T")

SQL_REFUSED = 7500
"""With HTTP 400: D1 refuses the SQL. With a 5xx: the service failed."""


class Database(Protocol):
    """What a D1 database can do for us. Every method raises ApiError or one of its branches."""

    def read(self, sql: str) -> tuple[Row, ...]:
        """Rows of one statement that changes nothing; sent again when the answer is lost."""

    def write(self, sql: str) -> None:
        """Runs a script as one transaction. Sent once: OutcomeUnknown means that it may have run."""

    def bookmark(self, at: datetime | None = None) -> str:
        """Time Travel bookmark of the moment `at`, or of now."""


@dataclass(frozen=True, slots=True)
class D1Api:
    """A Database behind Cloudflare's API.

    Attributes:
        client: the official client.
        account_id: Cloudflare account.
        database_id: UUID of the database.
    """

    client: Cloudflare
    account_id: str
    database_id: str

    def read(self, sql: str) -> tuple[Row, ...]:
        """See Database."""
        return _translated(lambda: self._query(self.client, sql))

    def write(self, sql: str) -> None:
        """See Database."""
        # The client retries a POST by itself, and a migration that ran twice is what must never happen.
        _translated(lambda: self._query(self.client.with_options(max_retries=0), sql))

    def bookmark(self, at: datetime | None = None) -> str:
        """See Database."""
        options: Mapping[str, Any] = {"timestamp": at.isoformat()} if at else {}
        answer = _translated(
            lambda: self.client.d1.database.time_travel.get_bookmark(
                self.database_id, account_id=self.account_id, **options
            )
        )
        if not answer.bookmark:
            raise ApiError(f"Cloudflare gave no Time Travel bookmark for database {self.database_id}")
        return answer.bookmark

    def _query(self, client: Cloudflare, sql: str) -> tuple[Row, ...]:
        page = client.d1.database.query(self.database_id, account_id=self.account_id, sql=sql)
        # HTTP 200 with success: false raises nothing in the client.
        if not getattr(page, "success", False) or not all(item.success for item in page.result):
            errors = getattr(page, "errors", None)
            raise ApiError(f"D1 answered 200 but reports a failure: {errors}", status=200)
        return tuple(_row(row) for item in page.result[-1:] for row in item.results or ())


def connect(account_id: str, database_id: str, *, token: str | None = None) -> D1Api:
    """The database `database_id`, with the token given or the one in CLOUDFLARE_API_TOKEN.

    Raises:
        ConfigError: there is no token.
    """
    from cloudflare import Cloudflare  # takes 0.3 s to import, and most commands need no API

    if not (token := token or os.environ.get("CLOUDFLARE_API_TOKEN")):
        raise ConfigError(
            "there is no Cloudflare API token: export CLOUDFLARE_API_TOKEN, "
            "or run 'pulumi config set --secret cloudflare:apiToken VALUE'"
        )
    return D1Api(Cloudflare(api_token=token), account_id, database_id)


def _row(row: object) -> Row:
    if not isinstance(row, dict):
        raise ApiError(f"D1 answered with a row that is not an object: {row!r}")
    return row


def _translated(call: Callable[[], T]) -> T:
    """Result of `call`, with the client's errors as ours."""
    import cloudflare

    try:
        return call()
    except cloudflare.APIConnectionError as error:
        raise OutcomeUnknown(f"no answer from Cloudflare: {error.__cause__ or error}") from error
    except cloudflare.APIStatusError as error:
        raise _translation(error) from error


def _translation(error: Any) -> ApiError:
    known = {item.code: item.message for item in error.errors if item.code is not None}
    code = next(iter(known), None)
    text = "; ".join(f"{message} (code {code})" for code, message in known.items())
    message = text or f"HTTP {error.status_code} from Cloudflare without an error code"
    if error.status_code >= 500:  # noqa: PLR2004 - HTTP
        kind: type[ApiError] = OutcomeUnknown
    else:
        kind = {401: Unauthorized, 403: Unauthorized, 404: NotFound}.get(error.status_code, ApiError)
    return kind(message, code=code, status=error.status_code)
