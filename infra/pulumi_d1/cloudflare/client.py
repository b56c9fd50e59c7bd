"""One request to Cloudflare's API, one answer.

Address and token come from the environment (CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN), as for Cloudflare's own tools.
We do not use the official client: its import takes longer than the rest of a preview (docs/adr/0010).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pulumi_d1.cloudflare.answers import Answer, parse_answer, parse_error, parse_metrics
from pulumi_d1.errors import ApiError, ConfigError, DailyLimitReached, OutcomeUnknown, Overloaded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from pulumi_d1.cloudflare.connections import Connections
    from pulumi_d1.cloudflare.pace import Pace

CLOUDFLARE: Final = "https://api.cloudflare.com/client/v4"

REQUEST_SECONDS: Final = 35
"""Longest wait for an answer. Cloudflare ends a request first, with an error that has a reason: "Requests to
Cloudflare API must resolve in 30 seconds" (D1's page on limits)."""

ANSWER_BYTES: Final = 64 << 20
"""Largest answer: D1's largest result is 50 MB."""

SILENCE_SECONDS: Final = 300
"""Longest silence while a file is uploaded or downloaded."""

TRANSFER_SECONDS: Final = 3600
"""Longest time for the upload or download of a file: its signed address is valid for an hour."""

DOWNLOAD_BYTES: Final = 40 << 30
"""Largest file to download. D1's largest database has 10 GB, and SQL takes two characters for a byte of a BLOB."""

_TOKEN: Final = re.compile("[!-~]+")
"""The characters of a header (RFC 9110), without blanks."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the API. Safe for threads; sends nothing twice.

    Attributes:
        base_url: The API's address, without a slash at its end.
        timeout: Seconds to wait for a whole answer.
        pace: The limit on requests; None for commands that send few.
    """

    base_url: str
    token: str = field(repr=False)
    timeout: float
    pool: Connections = field(repr=False, compare=False)
    pace: Pace | None = field(default=None, repr=False, compare=False)

    def call(self, method: str, path: str, *, body: Any = None, query: Mapping[str, str] | None = None) -> Answer:
        """Send a request, and return the answer.

        Args:
            body: The body, sent as JSON; None for no body.

        Raises:
            ApiError: Cloudflare answered with an error, or not at all.
            ConfigError: The proxy's address is malformed.
        """
        return parse_answer(*self._send(method, f"{path}{'?' if query else ''}{urlencode(query or {})}", body))

    def metrics(self, query: str, variables: Mapping[str, Any], dataset: str) -> list[dict[str, Any]]:
        """Return the groups of a dataset of one account, as a query in GraphQL selects them.

        Raises:
            ApiError: Cloudflare answered with an error, or not at all.
        """
        body = {"query": query, "variables": variables}
        return parse_metrics(*self._send("POST", "/graphql", body), dataset)

    def _send(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        """Send a request, and return status and body of an answer without an HTTP error."""
        url = f"{self.base_url}{path}"
        headers = {"authorization": f"Bearer {self.token}", "user-agent": "pulumi-d1"}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["content-type"] = "application/json"
        if self.pace:
            self.pace.wait_for_turn()
        with self.pool.send(
            method, url, headers, content, silence=self.timeout, total=self.timeout, limit=ANSWER_BYTES
        ) as answered:
            received = b"".join(answered.body)
        if answered.status < HTTPStatus.BAD_REQUEST:
            return answered.status, received
        failure = parse_error(answered.status, received, answered.headers.get("retry-after", ""))
        of_one_database = isinstance(failure, Overloaded | DailyLimitReached)
        if self.pace and answered.status == HTTPStatus.TOO_MANY_REQUESTS and not of_one_database:
            self.pace.block(failure.retry_after)
        raise failure

    def upload(self, url: str, file: BinaryIO) -> tuple[int, str]:
        """Upload a whole file to a signed address, and return the HTTP status and the ETag of what arrived.

        Raises:
            NotSent: There is no connection.
            OutcomeUnknown: There was no answer.
        """
        # Without a length, the file would be sent in chunks, which signed addresses of object stores refuse.
        headers = {"content-length": str(file.seek(0, os.SEEK_END))}
        file.seek(0)
        with self.pool.send(
            "PUT", url, headers, file, silence=SILENCE_SECONDS, total=TRANSFER_SECONDS, limit=ANSWER_BYTES
        ) as answered:
            for _ in answered.body:
                pass
        return answered.status, answered.headers.get("etag", "").strip('"')

    def download(self, url: str) -> Iterator[bytes]:
        """Yield the file at a signed address in pieces.

        Raises:
            ApiError: The file is missing, or its length is unknown.
            OutcomeUnknown: The file is incomplete.
        """
        with self.pool.send(
            "GET", url, {}, silence=SILENCE_SECONDS, total=TRANSFER_SECONDS, limit=DOWNLOAD_BYTES
        ) as answered:
            if answered.status != HTTPStatus.OK:  # an object store's answer, so neither NotFound nor Unauthorized
                kind = OutcomeUnknown if answered.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ApiError
                raise kind(f"the download failed: HTTP {answered.status}", status=answered.status)
            chunked = answered.headers.get("transfer-encoding", "").lower() == "chunked"
            if "content-length" not in answered.headers and not chunked:
                raise ApiError("the download has no Content-Length, so a missing part would go unnoticed")
            yield from answered.body


def make_client(token: str | None = None, *, base_url: str = "", pace: Pace | None = None) -> Client:
    """Return a client.

    Args:
        token: The API token; the one in CLOUDFLARE_API_TOKEN by default.
        base_url: The API's address; the one in CLOUDFLARE_BASE_URL by default, or else Cloudflare's.
        pace: The limit on requests; none by default.

    Raises:
        ConfigError: The token is missing or malformed, or the address is malformed.
    """
    if not (token := token or os.environ.get("CLOUDFLARE_API_TOKEN")):
        raise ConfigError(
            "there is no Cloudflare API token: export CLOUDFLARE_API_TOKEN, "
            "or run 'pulumi config set --secret cloudflare:apiToken VALUE'"
        )
    if not _TOKEN.fullmatch(token := token.strip()):  # the error of http.client would show the token
        raise ConfigError(
            "the Cloudflare API token contains a blank, a line end or a character that no token has: set "
            "CLOUDFLARE_API_TOKEN, or the secret cloudflare:apiToken, again"
        )
    from pulumi_d1.cloudflare.connections import Connections  # urllib3 is slow to import

    url = (base_url or os.environ.get("CLOUDFLARE_BASE_URL") or CLOUDFLARE).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"CLOUDFLARE_BASE_URL is '{url}': it must start with https:// (or http://)")
    return Client(url, token, REQUEST_SECONDS, Connections(), pace)
