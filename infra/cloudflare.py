"""The one seam to the world: a D1 database behind Cloudflare's REST API, through the official client.

Address and token come from the environment (CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN): nothing here knows whether it
speaks to Cloudflare or to the emulator.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from infra.errors import ApiError, ConfigError, NotFound, OutcomeUnknown, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudflare import Cloudflare
    from cloudflare.types.d1 import DatabaseImportResponse

Row = dict[str, Any]

T = TypeVar("T")

POLL_SECONDS = 0.5
UPLOAD_SECONDS = 300
IMPORT_SECONDS = 1800
"""How long to wait for an import. Cloudflare gives no limit; wrangler waits without one."""

SQL_REFUSED = 7500
"""With HTTP 400: D1 refuses the SQL. With a 5xx: the service failed."""


class Database(Protocol):
    """What a D1 database can do for us. Every method raises ApiError or one of its branches."""

    def read(self, sql: str) -> tuple[Row, ...]:
        """Rows of one statement that changes nothing; sent again when the answer is lost."""

    def write(self, sql: str) -> None:
        """Runs a script as one transaction. Sent once: OutcomeUnknown means that it may have run."""

    def import_script(self, sql: str) -> None:
        """Does what write does, by way of a file: slower, and the database is blocked, but triggers are cut right."""

    def bookmark(self) -> str:
        """Time Travel bookmark of now."""


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

    def import_script(self, sql: str) -> None:
        """See Database."""
        content = sql.encode()
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        once = self.client.with_options(max_retries=0)
        answer = self._import(once, action="init", etag=etag)
        if answer.upload_url:  # absent when the service has a file with this digest already
            _upload(answer.upload_url, content, etag)
            answer = self._import(once, action="ingest", etag=etag, filename=answer.filename)
        deadline = time.monotonic() + IMPORT_SECONDS
        while answer.status != "complete":
            if answer.status == "error" or not answer.success:
                reasons = getattr(answer, "errors", None) or [answer.error or "D1 gave no reason"]
                raise ApiError("; ".join(map(str, reasons)), code=SQL_REFUSED)
            if time.monotonic() > deadline:
                raise OutcomeUnknown(f"the import still runs after {IMPORT_SECONDS} s")
            time.sleep(POLL_SECONDS)
            answer = self._import(self.client, action="poll", current_bookmark=answer.at_bookmark)

    def bookmark(self) -> str:
        """See Database."""
        call = self.client.d1.database.time_travel.get_bookmark
        answer = _translated(lambda: call(self.database_id, account_id=self.account_id))
        if not answer.bookmark:
            raise ApiError(f"Cloudflare gave no Time Travel bookmark for database {self.database_id}")
        return answer.bookmark

    def _import(self, client: Cloudflare, **action: Any) -> DatabaseImportResponse:
        call = client.d1.database.import_
        return _translated(lambda: call(self.database_id, account_id=self.account_id, **action))

    def _query(self, client: Cloudflare, sql: str) -> tuple[Row, ...]:
        page = client.d1.database.query(self.database_id, account_id=self.account_id, sql=sql)
        # HTTP 200 with success: false raises nothing in the client.
        if not getattr(page, "success", False) or not all(item.success for item in page.result):
            raise OutcomeUnknown(f"D1 answered 200 but no success: {getattr(page, 'errors', page)}", status=200)
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


def find(account_id: str, name: str) -> D1Api:
    """The database of this name, with the token in CLOUDFLARE_API_TOKEN.

    Raises:
        NotFound: there is none.
        ConfigError: there is no token.
    """
    # Cloudflare takes a name in place of the UUID, as wrangler does.
    named = connect(account_id, name)
    found = _translated(lambda: named.client.d1.database.get(name, account_id=account_id))
    return replace(named, database_id=str(found.uuid))


def _upload(url: str, content: bytes, etag: str) -> None:
    """Puts the file where the service asked for it.

    Raises:
        ApiError: it did not arrive whole; nothing has run.
    """
    import httpx

    try:
        answer = httpx.put(url, content=content, timeout=UPLOAD_SECONDS)
    except httpx.HTTPError as error:
        raise ApiError(f"the upload of the import failed: {error}; nothing has run") from error
    if answer.status_code != httpx.codes.OK or answer.headers.get("etag", "").strip('"') != etag:
        raise ApiError(f"the upload of the import failed: HTTP {answer.status_code}; nothing has run")


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
    except (cloudflare.CloudflareError, ValueError) as error:
        raise OutcomeUnknown(f"Cloudflare's answer is not the JSON that its API promises: {error}") from error


def _translation(error: Any) -> ApiError:
    known = {item.code: item.message for item in error.errors if item.code is not None}
    code = next(iter(known), None)
    text = "; ".join(f"{message} (code {code})" for code, message in known.items())
    message = text or f"HTTP {error.status_code} from Cloudflare without an error code"
    if error.status_code >= 500:  # noqa: PLR2004 - HTTP
        kind: type[ApiError] = OutcomeUnknown
    else:
        kind = {401: Unauthorized, 403: Unauthorized, 404: NotFound}.get(error.status_code, ApiError)
    if kind is Unauthorized:
        message = f"Cloudflare refuses the API token: {message}. CLOUDFLARE_API_TOKEN needs the permission D1 Edit"
    return kind(message, code=code, status=error.status_code)
