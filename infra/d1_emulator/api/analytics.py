"""The handler of Cloudflare's GraphQL API, of which wrangler asks D1's metrics.

The emulator keeps no metrics, so it answers every question with one account that has none: wrangler shows zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from d1_emulator.api import bodies, responses

if TYPE_CHECKING:
    from starlette.responses import Response

    from d1_emulator.api.call import Call

_GROUPS: Final = ("d1AnalyticsAdaptiveGroups", "d1QueriesAdaptiveGroups")


def graphql(call: Call) -> Response:
    """POST: answer a query for metrics. GraphQL has an envelope of its own."""
    query = bodies.text(bodies.document(call.body), "query")
    groups: dict[str, list[object]] = {group: [] for group in _GROUPS if group in query}
    return responses.plain({"data": {"viewer": {"accounts": [groups]}}, "errors": None})
