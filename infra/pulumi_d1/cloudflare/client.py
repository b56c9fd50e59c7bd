"""One request to Cloudflare's API, one answer.

Address and token come from the environment (CLOUDFLARE_BASE_URL, CLOUDFLARE_API_TOKEN), as for Cloudflare's own tools.
The official client is not used: importing it takes longer than all else that a preview does (docs/adr/0010).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.cloudflare.answers import error_of, result_of
from pulumi_d1.errors import ApiError, ConfigError, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from urllib3 import BaseHTTPResponse, PoolManager

    from pulumi_d1.cloudflare.pace import Pace

CLOUDFLARE: Final = "https://api.cloudflare.com/client/v4"

REQUEST_SECONDS: Final = 35
"""How long to wait for an answer: a little longer than Cloudflare lets a request run, so that the service gives up and
says so first. "Requests to Cloudflare API must resolve in 30 seconds" (D1's page on limits)."""

TRANSFER_SECONDS: Final = 300
"""How long the other end may be silent while a file goes up or comes down."""

CONNECTIONS: Final = 32
"""Kept open to one host; more requests at once than these open others and close them."""

_CHUNK: Final = 1 << 20

_TOKEN: Final = re.compile("[!-~]+")
"""What a header can hold (RFC 9110), without blanks."""


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to the API. Safe for threads; sends nothing twice.

    Attributes:
        base_url: address of the API, without a slash at its end.
        token: an API token.
        timeout: seconds to wait for an answer.
        pool: the connections.
        pace: holds requests back; None where a command sends too few of them to matter.
    """

    base_url: str
    token: str = field(repr=False)
    timeout: float
    pool: PoolManager = field(repr=False, compare=False)
    pace: Pace | None = field(default=None, repr=False, compare=False)

    def call(self, method: str, path: str, *, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """The result in the answer's envelope.

        Args:
            method: of HTTP.
            path: below the base URL.
            body: becomes JSON; None sends none.
            query: parameters in the URL.

        Raises:
            ApiError: one of its branches.
        """
        return result_of(self.envelope(method, path, body=body, query=query))

    def envelope(
        self, method: str, path: str, *, body: Any = None, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The whole answer, once its status is a success.

        Raises:
            ApiError: one of its branches.
        """
        from urllib.parse import urlencode

        url = f"{self.base_url}{path}{'?' if query else ''}{urlencode(query or {})}"
        headers = {"authorization": f"Bearer {self.token}", "user-agent": "pulumi-d1"}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["content-type"] = "application/json"
        if self.pace:
            self.pace.start()
        answer = self._send(method, url, headers, content, self.timeout)
        try:
            found = json.loads(answer.data)
        except ValueError as invalid:
            found = invalid
        if answer.status >= HTTPStatus.BAD_REQUEST:
            error = error_of(answer.status, found, answer.headers.get("retry-after", ""))
            if self.pace and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                self.pace.refused(error.retry_after)
            raise error
        if not isinstance(found, dict):
            raise OutcomeUnknown(f"Cloudflare's answer is not the JSON that its API promises: {found!s:.200}")
        return found

    def upload(self, url: str, file: BinaryIO) -> tuple[int, str]:
        """Puts a file, whole, where a signed address says; gives the HTTP status and the ETag of what arrived.

        Raises:
            OutcomeUnknown: no answer.
        """
        # Without its length the file would go in chunks, which signed addresses of object stores refuse.
        headers = {"content-length": str(file.seek(0, os.SEEK_END))}
        file.seek(0)
        answer = self._send("PUT", url, headers, file, TRANSFER_SECONDS)
        return answer.status, answer.headers.get("etag", "").strip('"')

    def download(self, url: str) -> Iterator[bytes]:
        """The file at a signed address, in pieces.

        Raises:
            ApiError: it is not there, or does not say how long it is.
            OutcomeUnknown: it did not arrive whole.
        """
        from urllib3.exceptions import HTTPError

        answer = self._send("GET", url, {}, None, TRANSFER_SECONDS, preload=False)
        try:
            if answer.status != HTTPStatus.OK:  # the store's answer: nothing in it is about the database or the token
                kind = OutcomeUnknown if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ApiError
                raise kind(f"the download failed: HTTP {answer.status}", status=answer.status)
            if "content-length" not in answer.headers and not answer.chunked:
                raise ApiError("the download does not say how long it is, so nothing tells whether it is whole")
            yield from answer.stream(_CHUNK)
        except HTTPError as error:
            raise OutcomeUnknown(f"the download broke off: {error}") from error
        finally:
            answer.close()

    def _send(  # noqa: PLR0913 - what a request is made of
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
    """A client with the token given, or the one in CLOUDFLARE_API_TOKEN.

    Raises:
        ConfigError: there is no token, or it can't be one; or the address is none.
    """
    if not (token := token or os.environ.get("CLOUDFLARE_API_TOKEN")):
        raise ConfigError(
            "there is no Cloudflare API token: export CLOUDFLARE_API_TOKEN, "
            "or run 'pulumi config set --secret cloudflare:apiToken VALUE'"
        )
    if not _TOKEN.fullmatch(token := token.strip()):  # else the error of http.client shows it
        raise ConfigError(
            "the Cloudflare API token holds a blank, a line end or a character that no token has: set "
            "CLOUDFLARE_API_TOKEN, or the secret cloudflare:apiToken, again"
        )
    url = (base_url or os.environ.get("CLOUDFLARE_BASE_URL") or CLOUDFLARE).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"CLOUDFLARE_BASE_URL is '{url}': it must start with https:// (or http://)")
    return Client(url, token, REQUEST_SECONDS, _pool(url), pace)


def _pool(url: str) -> PoolManager:
    """Connections as other programs of this machine make them: through its proxy, trusting its certificates."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    import urllib3

    options: dict[str, Any] = {"maxsize": CONNECTIONS, "retries": False}
    parts = urlsplit(url)
    if parts.scheme == "https":
        import ssl

        import certifi

        options["ssl_context"] = trusted = ssl.create_default_context()
        trusted.load_verify_locations(certifi.where())  # Python on macOS finds none of the system's
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy if "://" in proxy else f"http://{proxy}", **options)
    return urllib3.PoolManager(**options)
