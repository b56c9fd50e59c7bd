"""What was applied by whom, when, and from which bookmark. Kept in the Pulumi state, which no restore touches. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.bookmark import Bookmark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMIT = 50
"""Applications that the state keeps; older ones are dropped, so that it does not grow without end."""


@dataclass(frozen=True, slots=True)
class Application:
    """One file, applied once.

    Attributes:
        name: of the migration, as it stands in the ledger.
        sha256: hex digest of its text, as Migration.sha256 gives it.
        time: when the answer came, in UTC.
        seconds: how long the request took that carried it, others in the same request included.
        by: who ran it.
        commit: of the checkout it came from; empty outside of git.
        bookmark: from before the first write of its run.
    """

    name: str
    sha256: str
    time: datetime
    seconds: float
    by: str
    commit: str
    bookmark: Bookmark

    def as_json(self) -> dict[str, Any]:
        """As the state keeps it: text and numbers, retention in days."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "time": self.time.isoformat(),
            "seconds": self.seconds,
            "by": self.by,
            "commit": self.commit,
            "bookmark": self.bookmark.id,
            "bookmark_time": self.bookmark.time.isoformat(),
            "retention_days": self.bookmark.retention.days,
        }


def from_json(item: Mapping[str, Any]) -> Application:
    """What `as_json` gave."""
    taken, retention = datetime.fromisoformat(item["bookmark_time"]), timedelta(days=int(item["retention_days"]))
    return Application(
        name=item["name"],
        sha256=item["sha256"],
        time=datetime.fromisoformat(item["time"]),
        seconds=float(item["seconds"]),
        by=item["by"],
        commit=item["commit"],
        bookmark=Bookmark(item["bookmark"], taken, retention),
    )


def extended(history: Iterable[Application], new: Iterable[Application]) -> tuple[Application, ...]:
    """The history with `new` at its end, oldest first, cut to the newest LIMIT."""
    return (*history, *new)[-LIMIT:]
