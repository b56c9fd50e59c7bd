"""A Time Travel bookmark, and the command that restores it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A moment of a database's history that it can be restored to.

    Attributes:
        id: Cloudflare's opaque bookmark; newer ones sort after older ones.
        time: The time in UTC when it was taken.
        retention: How long Cloudflare keeps it: 30 days on a paid plan, 7 on the free one.
    """

    id: str
    time: datetime
    retention: timedelta

    @property
    def expires(self) -> datetime:
        """The time from which it can no longer be restored."""
        return self.time + self.retention

    def restore_command(self, database_name: str) -> str:
        """Return the command that restores a database to this moment."""
        return restore_command(database_name, self.id)

    def announcement(self, database_name: str) -> str:
        """Return the message that is printed before the first write."""
        return f"took bookmark {self.id}; restore command: {self.restore_command(database_name)}"


def restore_command(database_name: str, bookmark_id: str) -> str:
    """Return the command that restores a database to a bookmark, for a shell: both may come from an edited state."""
    return f"wrangler d1 time-travel restore {shlex.quote(database_name)} --bookmark={shlex.quote(bookmark_id)}"


def bookmark_now(bookmark_id: str, retention: timedelta) -> Bookmark:
    """Return a bookmark that the API has just returned."""
    return Bookmark(bookmark_id, datetime.now(UTC).replace(microsecond=0), retention)
