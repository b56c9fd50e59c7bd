"""Connections to Cloudflare: the machine's proxies and certificates, and a deadline and a size limit for each answer.

urllib3 limits each operation of a socket, so an answer of one byte every second would never end. Here the deadline is
for the whole answer, from its status line to its last byte.
"""

from __future__ import annotations

import base64
import io
import os
import re
import ssl
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Timeout

from pulumi_d1.cloudflare.text import one_line
from pulumi_d1.errors import ConfigError, NoConnection, NotSent, OutcomeUnknown, ResultTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

BASE_URL_VARIABLE: Final = "CLOUDFLARE_BASE_URL"
"""The variable with the API's address, as Cloudflare's own tools read it."""

CONNECT_SECONDS: Final = 10
"""Longest wait for a connection, the proxy's and the certificate's part included."""

CONNECTIONS: Final = 32
"""Connections that stay open to one host. More requests at a time open others and close them."""

_CHUNK: Final = 1 << 16
_TUNNEL_REFUSED: Final = re.compile(r"Tunnel connection failed: (\d+)")
_PERMANENT: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}
_total_seconds: ContextVar[float] = ContextVar("_total_seconds")
"""The time limit of the next request of this thread: urllib3 passes only limits of single operations."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer whose body has not been read yet.

    Attributes:
        body: Yields the decompressed body, once. Raises OutcomeUnknown if it breaks off, and ResultTooLarge.
    """

    status: int
    headers: Mapping[str, str]
    body: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections that are kept open. Safe for threads. Proxies are those of the environment at each host's first use.

    Attributes:
        pools: The connection pool of each scheme and proxy; the proxy is "" for direct connections.
    """

    pools: dict[tuple[str, str], urllib3.PoolManager] = field(default_factory=dict)

    @contextmanager
    def send(  # noqa: PLR0913 - the parts of a request, and its limits
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | BinaryIO | None = None,
        *,
        silence: float,
        total: float,
        limit: int,
    ) -> Iterator[Answered]:
        """Send a request once, and yield the answer as soon as its headers are there.

        Args:
            silence: Longest wait for the next bytes, in seconds.
            total: Longest time for the request and its answer, in seconds, without the time to connect.
            limit: Largest size of the body in bytes, decompressed.

        Raises:
            NotSent: There is no connection.
            OutcomeUnknown: There was no answer.
            ConfigError: The proxy's address is malformed.
        """
        _total_seconds.set(total)
        timeout = Timeout(connect=min(CONNECT_SECONDS, silence), read=silence)
        proxy = ""
        try:
            scheme, proxy = urlsplit(url).scheme, _proxy_of(url)
            if scheme not in {"http", "https"}:
                raise ValueError("the address that it gave starts with neither https:// nor http://")  # noqa: TRY301
            pool = self.pools.get((scheme, proxy)) or self.pools.setdefault((scheme, proxy), _make_pool(scheme, proxy))
            response = pool.request(
                method, url, body=content, headers=headers, timeout=timeout, redirect=False, preload_content=False
            )
        except _UnreachableError as error:
            raise NoConnection(f"no connection to {_route(url, proxy)}, nothing was sent: {error}") from error
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise OutcomeUnknown(f"no answer from Cloudflare: {_reason(error)}") from error
        try:
            if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and proxy and not url.startswith("https:"):
                raise _proxy_refusal(proxy, response.status)  # answered without forwarding the request (RFC 9110)
            yield Answered(response.status, response.headers, _body(response, limit))
        finally:
            response.close()  # a whole answer has given its connection back

    def clear(self) -> None:
        """Close the connections that are kept open."""
        for pool in self.pools.values():
            pool.clear()


class _UnreachableError(NoConnection):
    """The reason why no connection could be made."""


class _LimitedReader(io.RawIOBase):
    """The bytes of a socket until a deadline."""

    def __init__(self, raw: io.RawIOBase, sock: Any, deadline: float) -> None:
        super().__init__()
        self._raw, self._sock, self._deadline, self._silence = raw, sock, deadline, sock.gettimeout()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is, or wait for it until the deadline."""
        self._sock.settimeout(min(self._silence, _left(self._deadline)))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close the socket's file."""
        self._raw.close()
        super().close()


class _LimitedResponse(HTTPResponse):
    """An answer that must be complete at a deadline, its headers included."""

    def __init__(self, sock: Any, *arguments: Any, connection: _Deadline, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        reader: Any = self.fp  # with nothing in its buffer yet
        self.fp = io.BufferedReader(_LimitedReader(reader.detach(), sock, connection.deadline))
        connection.response = self


class _Deadline:
    """The part of a connection that limits its requests and answers. urllib3's classes are the other part."""

    deadline: float
    response: HTTPResponse
    sock: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        vars(self).update(response_class=partial(_LimitedResponse, connection=self))  # a class in http.client

    def connect(self) -> None:
        """Connect, with the proxy's and the certificate's part.

        Raises:
            NotSent: It failed.
        """
        self.deadline = time.monotonic() + CONNECT_SECONDS
        try:
            super().connect()  # type: ignore[misc] # a method of the other part
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise self._connection_error(error) from error
        self.deadline = time.monotonic() + _total_seconds.get()

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send a request."""
        self.deadline = time.monotonic() + _total_seconds.get()
        super().request(*arguments, **options)  # type: ignore[misc] # a method of the other part

    def send(self, data: Any) -> None:
        """Send bytes until the deadline."""
        if self.sock is None:
            self.connect()
        silence = self.sock.gettimeout()
        try:
            for at in range(0, len(data), _CHUNK):
                self.sock.settimeout(min(silence, _left(self.deadline)))
                super().send(data[at : at + _CHUNK])  # type: ignore[misc] # a method of the other part
        finally:
            if self.sock is not None:
                self.sock.settimeout(silence)

    def getresponse(self) -> Any:
        """Return the answer as soon as its headers are there."""
        try:
            return super().getresponse()  # type: ignore[misc] # a method of the other part
        except HTTPError:
            self.response.close()  # urllib3 leaves it open if it refuses a header
            raise

    def _connection_error(self, error: Exception) -> NotSent:
        connection: Any = self
        host = connection._tunnel_host or connection.host  # noqa: SLF001 - of http.client
        if refused := _TUNNEL_REFUSED.search(str(error)):
            return _proxy_refusal(f"//{connection.host}:{connection.port}", int(refused[1]))
        if isinstance(error, ssl.SSLCertVerificationError):
            return NotSent(
                f"nothing was sent: the certificate of {host} is not trusted ({one_line(error.verify_message)}). If "
                "your company inspects connections, set SSL_CERT_FILE to a file with its certificate"
            )
        return _UnreachableError(_reason(error))


class _PlainConnection(_Deadline, HTTPConnection):
    """HTTP."""


class _SecureConnection(_Deadline, HTTPSConnection):
    """HTTPS."""


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _left(deadline: float) -> float:
    """Return the seconds that are left.

    Raises:
        TimeoutError: There are none.
    """
    if (seconds := deadline - time.monotonic()) <= 0:
        raise TimeoutError("it takes too long")
    return seconds


def _body(response: urllib3.BaseHTTPResponse, limit: int) -> Iterator[bytes]:
    size = 0
    try:
        # Not response.stream: for a chunked body, it reads lines of any length.
        while piece := response.read(_CHUNK):
            if (size := size + len(piece)) > limit:
                raise ResultTooLarge(
                    f"the answer is larger than {limit >> 20} MB, so it was not read to its end", status=response.status
                )
            yield piece
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        raise OutcomeUnknown(f"the answer broke off: {_reason(error)}", status=response.status) from error


def _make_pool(scheme: str, proxy: str) -> urllib3.PoolManager:
    """Return connections through a proxy, or direct ones, that trust the machine's certificates."""
    context = None
    if scheme == "https" or proxy.startswith("https:"):
        context = ssl.create_default_context()  # trusts SSL_CERT_FILE and SSL_CERT_DIR
        context.load_verify_locations(certifi.where())  # Python on macOS finds none of the system's
    options: dict[str, Any] = {"maxsize": CONNECTIONS, "retries": False, "ssl_context": context}
    if not proxy:
        pool = urllib3.PoolManager(**options)
    else:
        address, headers = _split_proxy(proxy)
        pool = urllib3.ProxyManager(address, proxy_headers=headers, proxy_ssl_context=context, **options)
    pool.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return pool


def _proxy_of(url: str) -> str:
    """Return the address of the proxy for a URL, by the variables that curl reads too; "" for none.

    This machine is reached directly, as Go's programs do: a proxy elsewhere could not reach an emulator here.
    """
    parts = urlsplit(url)
    if _is_this_machine(parts.hostname or ""):
        return ""
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(parts.netloc):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _route(url: str, proxy: str) -> str:
    """Return the host of a URL, the variable that names it, and the proxy on the way."""
    parts, configured = urlsplit(url), os.environ.get(BASE_URL_VARIABLE, "").rstrip("/")
    host = parts.hostname or ""
    if configured and url.startswith(f"{configured}/"):
        host = f"{host}{f':{parts.port}' if parts.port else ''} ({BASE_URL_VARIABLE})"
    return f"{host} through {_proxy_name(proxy)} (https_proxy, http_proxy or all_proxy)" if proxy else host


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _split_proxy(proxy: str) -> tuple[str, dict[str, str]]:
    """Return a proxy's address without user and password, and the header with them.

    Raises:
        ConfigError: The address is malformed. The message does not contain it: it may have a password.
    """
    try:
        parts = urlsplit(proxy)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(
            "the proxy in https_proxy, http_proxy or all_proxy is malformed: it must be http://HOST:PORT or "
            "http://USER:PASSWORD@HOST:PORT, with special characters of the password as %XX"
        )
    address = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
    if parts.username is None:
        return address, {}
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return address, {"proxy-authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


def _proxy_refusal(proxy: str, status: int) -> NotSent:
    """Return the error for a proxy's refusal. It does not contain the password."""
    name = _proxy_name(proxy)
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return NotSent(
            f"nothing was sent: {name}, not Cloudflare, refused the user name or password (HTTP 407). Set https_proxy "
            "to http://USER:PASSWORD@HOST:PORT, with special characters of the password as %XX",
            status=status,
        )
    kind = NotSent if status in _PERMANENT else NoConnection
    return kind(f"nothing was sent: {name}, not Cloudflare, refused the connection (HTTP {status})", status=status)


def _proxy_name(proxy: str) -> str:
    parts = urlsplit(proxy)
    return f"the proxy {parts.hostname}:{parts.port}" if parts.port else f"the proxy {parts.hostname}"


def _reason(error: BaseException) -> str:
    """Return the operating system's or the peer's reason. urllib3 wraps it in names of its own."""
    while cause := next((item for item in error.args if isinstance(item, BaseException)), error.__cause__):
        error = cause
    if isinstance(error, TimeoutError | ReadTimeoutError):
        return "it takes too long"
    system = error.strerror if isinstance(error, OSError) else ""
    return one_line(system or str(error)) or type(error).__name__
