"""The endpoints beside D1 that wrangler calls: token, accounts, memberships and metrics.

The emulator understands two queries for metrics: of rows and queries by the hour, and of single statements. It keeps
nothing about the latter, and answers that there were none.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from d1_emulator.api import envelope
from d1_emulator.api.json_object import JsonObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from d1_emulator.api.call import Call, Routes

DEFAULT_ACCOUNT_ID: Final = "d1" * 16
"""The account id that the emulator lists; any other works as well."""

_ACCOUNT: Final = {"id": DEFAULT_ACCOUNT_ID, "name": "Emulator", "type": "standard"}
_ONE: Final = {"count": 1, "page": 1, "per_page": 20, "total_count": 1, "total_pages": 1}
_USAGE: Final = "d1AnalyticsAdaptiveGroups"
_METRICS: Final = (_USAGE, "d1QueriesAdaptiveGroups")


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
    given = JsonObject.parse(call.body)
    query = given.text("query")
    groups: dict[str, list[Any]] = {group: [] for group in _METRICS if group in query}
    if _USAGE in groups:
        variables = given.values.get("variables")
        try:
            groups[_USAGE] = _usage(call, variables if isinstance(variables, dict) else {})
        except (KeyError, TypeError, ValueError) as error:
            message = f"cannot parse the variables of {_USAGE}: {type(error).__name__}"
            return envelope.plain({"data": None, "errors": [{"message": message}]})
    return envelope.plain({"data": {"viewer": {"accounts": [groups]}}, "errors": None})


def _usage(call: Call, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the usage by the hour, as the variables of wrangler select it."""
    [conditions] = variables["filter"]["AND"]
    first, last = (datetime.fromisoformat(conditions[f"datetimeHour_{end}"]) for end in ("geq", "leq"))
    uuid = conditions.get("databaseId")
    return [
        {
            "sum": {
                "readQueries": usage.read_queries,
                "writeQueries": usage.write_queries,
                "rowsRead": usage.rows_read,
                "rowsWritten": usage.rows_written,
            },
            "dimensions": {"datetimeHour": f"{hour:%Y-%m-%dT%H:%M:%SZ}"},
        }
        for database, hour, usage in call.registry.usage.of_account(variables["accountTag"])
        if uuid in {None, database} and first <= hour <= last
    ]


ROUTES: Final[Routes] = {
    "/user/tokens/verify": {"GET": verify_token},
    "/accounts": {"GET": accounts},
    "/memberships": {"GET": memberships},
    "/graphql": {"POST": graphql},
}
