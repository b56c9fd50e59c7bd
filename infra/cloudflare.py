"""The one seam to the world: a D1 database behind Cloudflare's REST API, through the official client.

Address and token come from the environment (CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN): nothing here knows whether it
speaks to Cloudflare or to the emulator.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from infra.answers import translated
from infra.errors import ApiError, ConfigError, OutcomeUnknown, SqlRefused
from infra.retry import Retry

if TYPE_CHECKING:
    from cloudflare import Cloudflare
    from cloudflare.resources.d1 import DatabaseResource
    from cloudflare.types.d1 import DatabaseImportResponse

Row = dict[str, Any]

T = TypeVar("T")

REQUEST_SECONDS: Final = 35
"""How long to wait for an answer: a little longer than Cloudflare lets a request run, so that the service gives up and
says so first. "Requests to Cloudflare API must resolve in 30 seconds" (D1's page on limits)."""

POLL_SECONDS: Final = 0.5
UPLOAD_SECONDS: Final = 300
IMPORT_SECONDS: Final = 1800
"""How long to wait for an import. Cloudflare gives no limit; wrangler waits without one."""

_NO_IMPORT: Final = "Not currently importing anything"
"""The answer to a poll once the end of the import was told: to an answer that was lost, or to another client."""


class Database(Protocol):
    """What a D1 database can do for us. Every method raises ApiError or one of its branches."""

    def read(self, sql: str) -> tuple[Row, ...]:
        """Rows of one statement that changes nothing; asked for again when the answer is lost."""

    def write(self, sql: str) -> None:
        """Runs a script as one transaction. Sent once: OutcomeUnknown means that it may have run, or may yet."""

    def import_script(self, sql: str) -> None:
        """Does what write does, by way of a file: slower, and the database is blocked, but triggers are cut right."""

    def bookmark(self) -> str:
        """Time Travel bookmark of now; asked for again when the answer is lost."""

    def restore(self, bookmark: str) -> str:
        """Puts the database back to a bookmark, and gives the one that undoes it. Sent once, as a write is."""


@dataclass(frozen=True, slots=True)
class Description:
    """What can't change about a database.

    Attributes:
        id: its UUID.
        name: of it.
        jurisdiction: where its data must stay; empty for anywhere.
    """

    id: str
    name: str
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class D1Api:
    """A Database behind Cloudflare's API.

    Attributes:
        client: the official client.
        account_id: Cloudflare account.
        database_id: UUID of the database.
        retry: how reads are asked for again.
    """

    client: Cloudflare
    account_id: str
    database_id: str
    retry: Retry = field(default_factory=Retry)

    def read(self, sql: str) -> tuple[Row, ...]:
        """See Database."""
        return self.retry.call(lambda: self._query(sql))

    def write(self, sql: str) -> None:
        """See Database."""
        self._query(sql)

    def import_script(self, sql: str) -> None:
        """See Database."""
        content = sql.encode()
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        answer = self._import(action="init", etag=etag)
        if answer.upload_url:  # absent when the service has a file with this digest already
            _upload(answer.upload_url, content, etag)
            answer = self._import(action="ingest", etag=etag, filename=answer.filename)
        deadline = time.monotonic() + IMPORT_SECONDS
        while answer.status != "complete":
            if answer.status == "error" or not answer.success:
                raise _import_failed(answer)
            if time.monotonic() > deadline:
                raise OutcomeUnknown(f"the import still runs after {IMPORT_SECONDS} s")
            self.retry.sleep(POLL_SECONDS)
            answer = self.retry.call(partial(self._import, action="poll", current_bookmark=answer.at_bookmark))

    def bookmark(self) -> str:
        """See Database."""
        return self.retry.call(self._bookmark)

    def bookmark_at(self, time: datetime) -> str:
        """Time Travel bookmark of the newest moment at or before `time`; asked for again when the answer is lost."""
        return self.retry.call(lambda: self._bookmark(time.astimezone(UTC)))

    def restore(self, bookmark: str) -> str:
        """See Database."""
        call = self._api.time_travel.restore
        answer = _given(translated(lambda: call(self.database_id, account_id=self.account_id, bookmark=bookmark)))
        return answer.previous_bookmark or ""

    @property
    def _api(self) -> DatabaseResource:
        # The client sends a POST again by itself, and a migration that ran twice is what must never happen.
        return self.client.with_options(max_retries=0).d1.database

    def _bookmark(self, time: datetime | None = None) -> str:
        call = partial(self._api.time_travel.get_bookmark, self.database_id, account_id=self.account_id)
        answer = _given(translated(lambda: call(timestamp=time) if time else call()))
        if not answer.bookmark:
            raise ApiError(f"Cloudflare gave no Time Travel bookmark for database {self.database_id}")
        return answer.bookmark

    def _import(self, **action: Any) -> DatabaseImportResponse:
        call = self._api.import_
        return _given(translated(lambda: call(self.database_id, account_id=self.account_id, **action)))

    def _query(self, sql: str) -> tuple[Row, ...]:
        call = self._api.query
        page = translated(lambda: call(self.database_id, account_id=self.account_id, sql=sql))
        # HTTP 200 with success: false raises nothing in the client.
        if not getattr(page, "success", False) or not all(item.success for item in page.result):
            raise OutcomeUnknown(f"D1 answered 200 but no success: {getattr(page, 'errors', page)}", status=200)
        return tuple(_row(row) for item in page.result[-1:] for row in item.results or ())


def connect(account_id: str, database_id: str, *, token: str | None = None, retry: Retry | None = None) -> D1Api:
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
    return D1Api(
        Cloudflare(api_token=token, timeout=REQUEST_SECONDS, max_retries=0), account_id, database_id, retry or Retry()
    )


def find(account_id: str, name: str, *, retry: Retry | None = None) -> D1Api:
    """The database of this name, with the token in CLOUDFLARE_API_TOKEN.

    Raises:
        NotFound: there is none.
        ConfigError: there is no token.
        ApiError: it can't be asked for.
    """
    retry = retry or Retry()
    return connect(account_id, retry.call(lambda: describe(account_id, name)).id, retry=retry)


def describe(account_id: str, name: str, *, token: str | None = None) -> Description:
    """What Cloudflare says of the database of this name, asked for once.

    Raises:
        NotFound: there is none.
        ConfigError: there is no token.
        ApiError: it can't be asked for.
    """
    # Cloudflare takes a name in place of the UUID, as wrangler does.
    get = partial(connect(account_id, name, token=token).client.d1.database.get, name, account_id=account_id)
    found = _given(translated(get))
    return Description(str(found.uuid), found.name or "", found.jurisdiction or "")


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


def _import_failed(answer: DatabaseImportResponse) -> ApiError:
    reasons = "; ".join(map(str, getattr(answer, "errors", None) or [answer.error or "D1 gave no reason"]))
    if reasons.startswith(_NO_IMPORT):
        return OutcomeUnknown(f"the import has ended, and how is not known: {reasons}")
    return SqlRefused(reasons)


def _given(result: T | None) -> T:
    """The client gives None, whatever its types say, where the answer was HTTP 200 with success: false."""
    if result is None:
        raise OutcomeUnknown("Cloudflare answered 200 but no success", status=200)
    return result


def _row(row: object) -> Row:
    if not isinstance(row, dict):
        raise ApiError(f"D1 answered with a row that is not an object: {row!r}")
    return row
