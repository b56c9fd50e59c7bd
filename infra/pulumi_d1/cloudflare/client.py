"""One request to Cloudflare's API, one answer.

Address and token come from the environment (CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN), as for Cloudflare's own tools.
We do not use the official client: its import takes longer than the rest of a preview (docs/adr/0010).
"""

from __future__ import annotations

import json
import os
import re
import ssl
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from pulumi_d1.cloudflare.answers import Answer, parse_answer, parse_error
from pulumi_d1.errors import ApiError, ConfigError, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from urllib3 import BaseHTTPResponse, PoolManager

    from pulumi_d1.cloudflare.pace import Pace

CLOUDFLARE: Final = "https://api.cloudflare.com/client/v4"

REQUEST_SECONDS: Final = 35
"""Longest wait for an answer. Cloudflare ends a request first, with an error that has a reason: "Requests to
Cloudflare API must resolve in 30 seconds" (D1's page on limits)."""

TRANSFER_SECONDS: Final = 300
"""Longest silence while a file is uploaded or downloaded."""

CONNECTIONS: Final = 32
"""Connections that stay open to one host. More requests at a time open others and close them."""

_CHUNK: Final = 1 << 20

_TOKEN: Final = re.compile("[!-~]+")
"""The characters of a header (RFC 9110), without blanks."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the API. Safe for threads; sends nothing twice.

    Attributes:
        base_url: The API's address, without a slash at its end.
        timeout: Seconds to wait for an answer.
        pace: The limit on requests; None for commands that send few.
    """

    base_url: str
    token: str = field(repr=False)
    timeout: float
    pool: PoolManager = field(repr=False, compare=False)
    pace: Pace | None = field(default=None, repr=False, compare=False)

    def call(self, method: str, path: str, *, body: Any = None, query: Mapping[str, str] | None = None) -> Answer:
        """Send a request, and return the answer.

        Args:
            body: The body, sent as JSON; None for no body.

        Raises:
            ApiError: Cloudflare answered with an error, or not at all.
        """
        url = f"{self.base_url}{path}{'?' if query else ''}{urlencode(query or {})}"
        headers = {"authorization": f"Bearer {self.token}", "user-agent": "pulumi-d1"}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["content-type"] = "application/json"
        if self.pace:
            self.pace.wait_for_turn()
        response = self._send(method, url, headers, content, self.timeout)
        try:
            envelope = json.loads(response.data)
        except ValueError as error:
            if response.status < HTTPStatus.BAD_REQUEST:
                raise OutcomeUnknown(f"Cloudflare's answer is not valid JSON: {error}") from error
            envelope = None
        if response.status >= HTTPStatus.BAD_REQUEST:
            failure = parse_error(response.status, envelope, response.headers.get("retry-after", ""))
            if self.pace and response.status == HTTPStatus.TOO_MANY_REQUESTS:
                self.pace.block(failure.retry_after)
            raise failure
        return parse_answer(envelope)

    def upload(self, url: str, file: BinaryIO) -> tuple[int, str]:
        """Upload a whole file to a signed address, and return the HTTP status and the ETag of what arrived.

        Raises:
            OutcomeUnknown: There was no answer.
        """
        # Without a length, the file would be sent in chunks, which signed addresses of object stores refuse.
        headers = {"content-length": str(file.seek(0, os.SEEK_END))}
        file.seek(0)
        response = self._send("PUT", url, headers, file, TRANSFER_SECONDS)
        return response.status, response.headers.get("etag", "").strip('"')

    def download(self, url: str) -> Iterator[bytes]:
        """Yield the file at a signed address in pieces.

        Raises:
            ApiError: The file is missing, or its length is unknown.
            OutcomeUnknown: The file is incomplete.
        """
        from urllib3.exceptions import HTTPError

        response = self._send("GET", url, {}, None, TRANSFER_SECONDS, preload=False)
        try:
            if response.status != HTTPStatus.OK:  # an object store's answer, so neither NotFound nor Unauthorized
                kind = OutcomeUnknown if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ApiError
                raise kind(f"the download failed: HTTP {response.status}", status=response.status)
            if "content-length" not in response.headers and not response.chunked:
                raise ApiError("the download has no Content-Length, so a missing part would go unnoticed")
            yield from response.stream(_CHUNK)
        except HTTPError as error:
            raise OutcomeUnknown(f"the download broke off: {error}") from error
        finally:
            response.close()

    def _send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | BinaryIO | None,
        seconds: float,
        *,
        preload: bool = True,
    ) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        try:
            return self.pool.request(
                method, url, body=content, headers=headers, timeout=seconds, redirect=False, preload_content=preload
            )
        except HTTPError as error:
            raise OutcomeUnknown(f"no answer from Cloudflare: {error}") from error


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
    url = (base_url or os.environ.get("CLOUDFLARE_BASE_URL") or CLOUDFLARE).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"CLOUDFLARE_BASE_URL is '{url}': it must start with https:// (or http://)")
    return Client(url, token, REQUEST_SECONDS, _pool(url), pace)


def _pool(url: str) -> PoolManager:
    """Return connections that use the machine's proxy and trust its certificates."""
    import certifi
    import urllib3

    options: dict[str, Any] = {"maxsize": CONNECTIONS, "retries": False}
    parts = urlsplit(url)
    if parts.scheme == "https":
        options["ssl_context"] = context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())  # Python on macOS finds none of the system's
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy if "://" in proxy else f"http://{proxy}", **options)
    return urllib3.PoolManager(**options)
