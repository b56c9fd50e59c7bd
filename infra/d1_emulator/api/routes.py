"""Method and path -> handler. A handler is a plain function from a `Call` to a response, run in a worker thread.

All paths are below /client/v4. Beside D1 there is only what wrangler calls before it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from d1_emulator.api import (
    account_endpoints,
    database_endpoints,
    sql_endpoints,
    time_travel_endpoints,
    transfer_endpoints,
)

if TYPE_CHECKING:
    from d1_emulator.api.call import Handler, Routes

ROUTES: Final[Routes] = {
    **account_endpoints.ROUTES,
    **database_endpoints.ROUTES,
    **sql_endpoints.ROUTES,
    **transfer_endpoints.ROUTES,
    **time_travel_endpoints.ROUTES,
}


def endpoint_name(handler: Handler) -> str:
    """Return the name of a handler's endpoint, which faults refer to."""
    return handler.__name__.rstrip("_")


ENDPOINTS: Final = frozenset(endpoint_name(handler) for handlers in ROUTES.values() for handler in handlers.values())
"""The names of all endpoints."""
