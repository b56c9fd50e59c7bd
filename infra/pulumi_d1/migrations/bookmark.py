"""A Time Travel bookmark, and the way back to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A moment of a database's history that it can be restored to.

    Attributes:
        id: Cloudflare's bookmark, opaque; newer ones sort after older ones.
        time: when it was taken, in UTC.
        retention: how long Cloudflare keeps it: 30 days on a paid plan, 7 on the free one.
    """

    id: str
    time: datetime
    retention: timedelta

    @property
    def expires(self) -> datetime:
        """From then on it can't be restored to."""
        return self.time + self.retention

    def restore_command(self, database_name: str) -> str:
        """The command that puts `database_name` back to this moment."""
        return restore_command(database_name, self.id)


def restore_command(database_name: str, bookmark_id: str) -> str:
    """The command that puts `database_name` back to a bookmark."""
    return f"wrangler d1 time-travel restore {database_name} --bookmark={bookmark_id}"


def taken_now(bookmark_id: str, retention: timedelta) -> Bookmark:
    """A bookmark that the API has just given."""
    return Bookmark(bookmark_id, datetime.now(UTC).replace(microsecond=0), retention)
