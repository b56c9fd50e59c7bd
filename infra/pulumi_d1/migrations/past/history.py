"""The applied files with author, time and bookmark, kept in the Pulumi state, which no restore changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.bookmark import Bookmark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMIT = 50
"""Applications that the state keeps; older ones are dropped."""


@dataclass(frozen=True, slots=True)
class Application:
    """One application of one file.

    Attributes:
        sha256: The hex digest of its text, as in `Migration.sha256`.
        time: The time of the response, in UTC.
        seconds: The duration of its request, which may have carried other files too.
        commit: The commit of the checkout; empty outside of git.
        bookmark: The bookmark from before the first write of its run.
        squashed: The names of the files that it stands for.
    """

    name: str
    sha256: str
    time: datetime
    seconds: float
    by: str
    commit: str
    bookmark: Bookmark
    squashed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the form in the state: texts and numbers, with the retention in days."""
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
            **({"squashed": list(self.squashed)} if self.squashed else {}),
        }


def application_from_json(item: Mapping[str, Any]) -> Application:
    """Return the application that `as_json` wrote."""
    taken, retention = datetime.fromisoformat(item["bookmark_time"]), timedelta(days=int(item["retention_days"]))
    return Application(
        name=item["name"],
        sha256=item["sha256"],
        time=datetime.fromisoformat(item["time"]),
        seconds=float(item["seconds"]),
        by=item["by"],
        commit=item["commit"],
        bookmark=Bookmark(item["bookmark"], taken, retention),
        squashed=tuple(item.get("squashed", ())),
    )


def extend_history(history: Iterable[Application], new: Iterable[Application]) -> tuple[Application, ...]:
    """Return the newest LIMIT applications of the history followed by `new`, oldest first."""
    return (*history, *new)[-LIMIT:]
