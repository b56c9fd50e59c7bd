"""The endpoints of Time Travel: bookmarks and restores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from d1_emulator.api import envelope
from d1_emulator.api.call import DATABASE
from d1_emulator.api_errors import Malformed
from d1_emulator.timetravel.commit_log import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.responses import Response

    from d1_emulator.api.call import Call, Routes


def _timestamp(query: Mapping[str, str]) -> datetime | None:
    text = query.get("timestamp")
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise Malformed.at("timestamp", "Invalid datetime") from None


def bookmark(call: Call) -> Response:
    """GET: the current bookmark, or that of a time."""
    when = _timestamp(call.query)
    database = call.readable_database
    text = database.bookmark() if when is None else database.bookmark_at(when, call.registry.limits.retention)
    return envelope.success({"bookmark": text})


def restore(call: Call) -> Response:
    """POST: restore a bookmark or a time. Everything is in the query string; a body is not read."""
    database = call.database
    target, when = call.query.get("bookmark"), _timestamp(call.query)
    if (target is None) == (when is None):
        raise Malformed("The request is malformed: give either bookmark or timestamp")
    if when is not None:
        target = database.bookmark_at(when, call.registry.limits.retention)
    call.registry.count_restore(call.uuid)
    restored = database.restore(target or "")
    return envelope.success(
        {
            "bookmark": restored.bookmark,
            "previous_bookmark": restored.previous_bookmark,
            "message": "Database restored successfully",
        }
    )


ROUTES: Final[Routes] = {
    DATABASE + "/time_travel/bookmark": {"GET": bookmark},
    DATABASE + "/time_travel/restore": {"POST": restore},
}
