"""The endpoints beside D1 that wrangler calls: token, accounts, memberships and metrics.

The emulator keeps no metrics. It answers every query for them with one account that has none, and wrangler shows zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from d1_emulator.api import envelope
from d1_emulator.api.json_object import JsonObject

if TYPE_CHECKING:
    from starlette.responses import Response

    from d1_emulator.api.call import Call, Routes

DEFAULT_ACCOUNT_ID: Final = "d1" * 16
"""The account id that the emulator lists; any other works as well."""

_ACCOUNT: Final = {"id": DEFAULT_ACCOUNT_ID, "name": "Emulator", "type": "standard"}
_ONE: Final = {"count": 1, "page": 1, "per_page": 20, "total_count": 1, "total_pages": 1}
_METRICS: Final = ("d1AnalyticsAdaptiveGroups", "d1QueriesAdaptiveGroups")


def verify_token(_call: Call) -> Response:
    """GET: the state of the token; wrangler calls this after an error 10000."""
    return envelope.success({"id": "0" * 32, "status": "active"})


def accounts(_call: Call) -> Response:
    """GET: the accounts of the token; wrangler calls this if no account id is set."""
    return envelope.success([_ACCOUNT], result_info=_ONE)


def memberships(_call: Call) -> Response:
    """GET: the memberships of the user; wrangler calls this if no account id is set."""
    return envelope.success([{"id": "0" * 32, "status": "accepted", "account": _ACCOUNT}], result_info=_ONE)


def graphql(call: Call) -> Response:
    """POST: answer a query for metrics. GraphQL has its own envelope."""
    query = JsonObject.parse(call.body).text("query")
    groups: dict[str, list[object]] = {group: [] for group in _METRICS if group in query}
    return envelope.plain({"data": {"viewer": {"accounts": [groups]}}, "errors": None})


ROUTES: Final[Routes] = {
    "/user/tokens/verify": {"GET": verify_token},
    "/accounts": {"GET": accounts},
    "/memberships": {"GET": memberships},
    "/graphql": {"POST": graphql},
}
