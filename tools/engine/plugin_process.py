"""The process of a Pulumi plugin: it prints its port, serves gRPC on loopback, and ends silently.

The engine ends its plugins with SIGINT or SIGTERM. If the engine was killed, they notice that they are orphans.
"""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ORPHAN_CHECK_SECONDS = 1.0


def serve(register: Callable[[grpc.Server], None]) -> None:
    """Serve what `register` adds to the server, until the engine sends a signal or is gone."""
    engine = os.getppid()  # before the engine has the port and can end: an orphan has another parent
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=_GRPC_CHANNEL_OPTIONS)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - the engine reads it
    while not stopped.wait(ORPHAN_CHECK_SECONDS) and os.getppid() == engine:
        pass
    server.stop(grace=None).wait()


@contextmanager
def failures_as_status(context: Any, *expected: type[Exception]) -> Iterator[None]:
    """Turn an `expected` exception into the call's error text, which the engine shows to the user."""
    try:
        yield
    except expected as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
