"""The past of a database as runs on a line of time, with the part of it that can be restored. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.past.events import HistoryEvent

MOST_RUNS: Final = 50
"""Runs that are shown, the newest ones."""

WIDTH: Final = 1000
"""Length of the line."""

_COMMIT_DIGITS: Final = 7


@dataclass(frozen=True, slots=True)
class AppliedFile:
    """A file of a run.

    Attributes:
        note: `undone` if a restore has undone it, `squashed` if another file stands for it; otherwise empty.
    """

    name: str
    note: str


@dataclass(frozen=True, slots=True)
class PastRun:
    """The files that one run applied.

    Attributes:
        time: The time of its last file; None if it is not known.
        by: The user, with the commit; who else applied the file, if this program did not.
        bookmark: The bookmark from before it; None if this program has none.
        is_restorable: True if the bookmark has not expired.
        x: Its place on the line.
    """

    time: datetime | None
    by: str
    files: tuple[AppliedFile, ...]
    bookmark: Bookmark | None
    is_restorable: bool
    x: int

    @property
    def is_undone(self) -> bool:
        """True if a restore has undone all of its files."""
        return all(file.note == "undone" for file in self.files)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The past of a database.

    Attributes:
        start: The time at the left end of the line.
        kept_since: The oldest moment that can be restored.
        kept_x: Its place on the line.
        end: The time at the right end: now.
        runs: The newest runs, the newest first.
        left_out: Number of older runs.
    """

    start: datetime
    kept_since: datetime
    kept_x: int
    end: datetime
    runs: tuple[PastRun, ...]
    left_out: int


def timeline(events: Sequence[HistoryEvent], retention: timedelta, now: datetime) -> Timeline:
    """Return the runs of a history.

    Args:
        events: The result of `join_history`.
        retention: How long Cloudflare keeps bookmarks.
    """
    kept_since = now - retention
    groups = [tuple(group) for _, group in groupby(events, _run_of)]
    shown = groups[-MOST_RUNS:]
    start = min([kept_since, *(event.time for group in shown for event in group if event.time)])
    length = (now - start).total_seconds()

    def place(time: datetime | None) -> int:
        return round(WIDTH * min(1.0, (time - start).total_seconds() / length)) if time else 0

    runs = tuple(_past_run(group, now, place(group[-1].time)) for group in reversed(shown))
    return Timeline(start, kept_since, place(kept_since), now, runs, len(groups) - len(shown))


def _run_of(event: HistoryEvent) -> tuple[str, datetime | None]:
    """Return the key of an event's run: its bookmark, or the time if this program did not apply it."""
    return (event.application.bookmark.id, None) if event.application else ("", event.time)


def _past_run(events: Sequence[HistoryEvent], now: datetime, x: int) -> PastRun:
    last = events[-1]
    application = last.application
    files = tuple(AppliedFile(event.name, event.note) for event in events)
    time = last.time.astimezone(UTC) if last.time else None
    if application is None:
        return PastRun(time, "not by this program, or longer ago than it remembers", files, None, False, x)  # noqa: FBT003
    commit = application.commit.partition("-")[0][:_COMMIT_DIGITS]
    by = ", ".join(filter(None, (application.by, commit and f"commit {commit}")))
    return PastRun(time, by, files, application.bookmark, application.bookmark.expires > now, x)
