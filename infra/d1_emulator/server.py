"""The application, its socket on 127.0.0.1, and the environment that points clients at it."""

from __future__ import annotations

import hmac
import logging
import signal
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from d1_emulator.api.account_endpoints import DEFAULT_ACCOUNT_ID
from d1_emulator.api.call import Call, Handler
from d1_emulator.api.envelope import failure
from d1_emulator.api.routes import ROUTES, endpoint_name
from d1_emulator.api.transfer_endpoints import file_route
from d1_emulator.api_errors import (
    CredentialsMissing,
    CredentialsWrong,
    HostRefused,
    Internal,
    MethodUnknown,
    RequestError,
    RouteUnknown,
)
from d1_emulator.databases.registry import Registry, open_registry
from d1_emulator.faults import control
from d1_emulator.faults.behaviour import Behaviour, ImportKind
from d1_emulator.faults.dropped import DroppingProtocol
from d1_emulator.faults.injector import FaultInjector
from d1_emulator.sharing import announced
from d1_emulator.transfers.shared import Transfers, open_transfers
from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from d1_emulator.databases.limits import Limits

__all__ = [
    "DEFAULT_ACCOUNT_ID",
    "DEFAULT_TOKEN",
    "HOST",
    "STOP_SIGNALS",
    "TOKEN_VARIABLE",
    "Address",
    "create_app",
    "environment",
    "serving",
]

DEFAULT_TOKEN: Final = "emulator-token-that-opens-only-this-emulator"  # noqa: S105 - no secret
TOKEN_VARIABLE: Final = "D1_EMULATOR_TOKEN"  # noqa: S105 - the name of a variable
HOST: Final = "127.0.0.1"
"""The only address that is served: nothing here is safe for a network."""
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_OWN_NAMES: Final = (HOST, "localhost", "[::1]")
_PREFIX: Final = "/client/v4"
_SECONDS_TO_FINISH: Final = 2  # for requests that run when the server stops
_THREADS: Final = 640
"""More than the simultaneous requests: the usual limit of 1,024 files, less some for each open database.

A request that waits for its database keeps a thread, and must not take the last one from the other databases.
"""

_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an emulator: its port, and the base URL for clients, without a slash at its end."""

    port: int
    base_url: str


def environment(base_url: str, token: str, account_id: str = DEFAULT_ACCOUNT_ID) -> dict[str, str]:
    """Return the variables that point Cloudflare's clients at an emulator.

    The SDK and the Pulumi provider read CLOUDFLARE_BASE_URL. wrangler reads CLOUDFLARE_API_BASE_URL. All of them read
    the other two.
    """
    return {
        "CLOUDFLARE_BASE_URL": base_url,
        "CLOUDFLARE_API_BASE_URL": base_url,
        "CLOUDFLARE_API_TOKEN": token,
        "CLOUDFLARE_ACCOUNT_ID": account_id,
    }


def create_app(registry: Registry, transfers: Transfers, token: str, behaviour: Behaviour) -> Starlette:
    """Create the application: every API request needs the token, and every answer is in Cloudflare's envelope."""
    injector = FaultInjector(registry, behaviour)
    paths = {
        control.PATH: control.handlers(injector),
        **{_PREFIX + path: handlers for path, handlers in ROUTES.items()},
    }
    routes = [
        Route(path, _endpoint(registry, transfers, token, handlers, injector), methods=list(handlers))
        for path, handlers in paths.items()
    ]
    routes.append(file_route(transfers.links))
    app = Starlette(routes=routes, exception_handlers={404: _route_unknown, 405: _method_unknown})
    app.router.redirect_slashes = False
    app.add_middleware(_OwnHostOnly)
    return app


class _OwnHostOnly:
    """Refuse requests to any other name: a web page can point its own at 127.0.0.1, and then read the answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        port = scope["server"][1]
        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        is_own = len(hosts) == 1 and hosts[0] in {f"{name}:{port}" for name in _OWN_NAMES}
        await (self._app if is_own else failure(HostRefused()))(scope, receive, send)


@contextmanager
def serving(
    state: Path,
    *,
    port: int = 0,
    token: str = DEFAULT_TOKEN,
    limits: Limits | None = None,
    behaviour: Behaviour | None = None,
) -> Iterator[Address]:
    """Serve a state folder from a thread of this process, until the block ends.

    Args:
        state: The folder; created if missing.
        port: The port; 0 for any free one.
        token: The token of all requests. It is never written anywhere.
        limits: The service's limits; None for those of a paid account.
        behaviour: Faults and tighter limits, until the control endpoint sets others; None for none.

    Raises:
        FolderInUse: Another emulator serves the folder.
        ConfigError: The port is in use.
    """
    with open_registry(state, limits) as registry, open_transfers(state) as transfers, _listening(port) as listener:
        server = _Server(create_app(registry, transfers, token, behaviour or Behaviour()))
        thread = threading.Thread(target=server.run, args=([listener],), name="emulator")
        # Its threads inherit this. A signal that one of them received would not wake the main thread.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        thread.start()
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            server.ready.wait()
            chosen: int = listener.getsockname()[1]
            address = Address(chosen, f"http://{HOST}:{chosen}{_PREFIX}")
            with announced(state, address.port, address.base_url):
                yield address
        finally:
            server.should_exit = True
            thread.join(_SECONDS_TO_FINISH)
            registry.close()  # what still runs would keep the server
            thread.join()


def _endpoint(
    registry: Registry, transfers: Transfers, token: str, handlers: Mapping[str, Handler], injector: FaultInjector
) -> Callable[[Request], Awaitable[Response]]:
    """Create the endpoint of one path: it checks the token, and runs the handler through the injector."""

    async def answer(request: Request) -> Response:
        _authenticate(request.headers, token)
        origin = f"{request.url.scheme}://{request.url.netloc}"
        body = await request.body()
        call = Call(
            registry,
            transfers,
            origin,
            request.path_params,
            dict(request.query_params),
            body,
            strict_splitter=injector.behaviour.strict_splitter,
            imports_by_statement=injector.behaviour.imports == ImportKind.STATEMENTS,
            imports_die_ms=injector.behaviour.imports_die_ms,
            null_replication=injector.behaviour.null_replication,
        )
        handler = handlers["GET" if request.method == "HEAD" else request.method]

        async def run(_request: Request) -> Response:
            return await run_in_threadpool(handler, call)

        if request.url.path == control.PATH:
            return await run(request)
        return await injector.answer(endpoint_name(handler), body, lambda: _guarded(run)(request))

    return _guarded(answer)


def _guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Turn every exception of an endpoint into an answer."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except RequestError as error:
            return failure(error)
        except ClientDisconnect:
            return Response()  # the client is gone
        except Exception:  # our own mistakes must not become a page of HTML
            reference = f"e_{uuid4().hex}"
            _logger.exception("%s %s failed; reference = %s", request.method, request.url.path, reference)
            return failure(Internal(reference))

    return guarded


def _authenticate(headers: Mapping[str, str], token: str) -> None:
    given = headers.get("authorization")
    if given is None:
        # An API key instead of a token is always wrong: the emulator has none.
        raise CredentialsWrong if "x-auth-key" in headers and "x-auth-email" in headers else CredentialsMissing
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise CredentialsWrong


async def _route_unknown(_request: Request, _error: Exception) -> Response:
    return failure(RouteUnknown())


async def _method_unknown(_request: Request, _error: Exception) -> Response:
    return failure(MethodUnknown())


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    # asyncio sets TCP_NODELAY only if the protocol is named; without it, each answer waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise ConfigError(f"port {port} on {HOST} cannot be used: {error.strerror}; choose another") from error
        yield listener


class _Server(uvicorn.Server):
    """uvicorn's server, with an event for its start."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=DroppingProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_SECONDS_TO_FINISH,
            )
        )
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        to_thread.current_default_thread_limiter().total_tokens = _THREADS
        await super().startup(sockets)
        self.ready.set()
