"""Time Travel: the current moment of a database, the moment of a time, and restores.

A restore deletes nothing: it starts a new segment as a copy of the database at that moment. Every earlier bookmark
stays valid, also the one before the restore, so a restore can be undone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from d1_emulator.api_errors import BookmarkUnknown, TimeUnavailable
from d1_emulator.timetravel.bookmarks import Moment, bookmark_of, moment_of
from d1_emulator.timetravel.commit_log import Commit, CommitLog, format_time
from d1_emulator.timetravel.segments import Segments

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

ROTATE_BYTES: Final = 64 * 1024 * 1024
"""Default size of a WAL above which a new segment starts, so that opening a database stays fast."""


class SegmentOpener(Protocol):
    """Opens segments, one at a time."""

    def open(self, path: str) -> int:
        """Open a segment. Return the committed frames in its WAL."""

    def close(self) -> None:
        """Close it."""


class Timeline:
    """The segments and the history of one database. Not safe for threads: its owner holds a lock.

    Args:
        uuid: The database's id, part of each bookmark.
        rotate_bytes: A new segment starts when the WAL is larger than this, and larger than its base file.
    """

    def __init__(self, folder: Path, uuid: str, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._uuid = uuid
        self._segments = Segments(folder / "segments")
        self._history = CommitLog(folder / "history.log", uuid)
        self._rotate_bytes = rotate_bytes
        self._last: Commit | None = None

    def create(self, now: datetime) -> None:
        """Create the files of a new, empty database."""
        frames = self._segments.create_first()
        self._history.append(Moment(1, frames), now)

    @property
    def current(self) -> Moment:
        """The moment of the last commit."""
        return self._last_commit().moment

    def bookmark(self, moment: Moment) -> str:
        """Return a moment as a bookmark of this database."""
        return bookmark_of(self._uuid, moment)

    def open(self, opener: SegmentOpener) -> None:
        """Open the current segment, and repair what a kill, or another program, has left."""
        self._history.repair()
        self._last = next(self._history.newest_first())
        last = self._last.moment
        self._segments.remove_after(last.segment)
        frames = opener.open(self._segments.path(last.segment))
        if frames < last.frame:
            # Another program has checkpointed. The data is whole, but the base file no longer matches the history:
            # continue in a new segment, and restore nothing from the old one.
            opener.close()
            self._rotate(Moment(last.segment, frames))
            self._segments.set_aside(last.segment)
            opener.open(self.path)
            return
        self.record(frames)

    @property
    def path(self) -> str:
        """The path of the current segment."""
        return self._segments.path(self.current.segment)

    def shorten(self) -> None:
        """Free the space of a large transaction that was not committed. No connection may be open."""
        self._segments.shorten(self.current)

    def record(self, frames: int) -> None:
        """Record a commit that left this many frames in the WAL; do nothing if it wrote none."""
        if frames != self.current.frame:
            self._append(Moment(self.current.segment, frames))

    @property
    def is_full(self) -> bool:
        """True if the WAL has outgrown its bound."""
        wal = self._segments.wal_bytes(self.current)
        return wal > self._rotate_bytes and wal > self._segments.base_bytes(self.current.segment)

    def rotate(self) -> None:
        """Start a new segment with the same content and an empty WAL. No connection may be open."""
        self._rotate(self.current)

    def at(self, time: datetime, retention: timedelta) -> Moment:
        """Return the newest moment at or before a time.

        Raises:
            TimeUnavailable: The time is in the future, before the database existed, or older than `retention`.
        """
        now = datetime.now(UTC)
        if time > now:
            raise TimeUnavailable(f"timestamp {format_time(time)} is in the future")
        if time < now - retention:
            raise TimeUnavailable(f"timestamp {format_time(time)} is older than the {retention.days} days kept")
        for commit in self._history.newest_first():
            if commit.time <= time:
                return commit.moment
        raise TimeUnavailable(f"timestamp {format_time(time)} is before the database was created")

    def restore(self, bookmark: str) -> None:
        """Start a new segment with the content of an earlier moment. No connection may be open.

        Raises:
            BookmarkUnknown: The bookmark is not one of this database's, or its files are gone.
        """
        moment = moment_of(self._uuid, bookmark)
        known = moment is not None and any(commit.moment == moment for commit in self._history.newest_first())
        if moment is None or not known or not self._segments.has(moment):
            raise BookmarkUnknown(bookmark)
        number = self.current.segment + 1
        self._segments.branch(moment, number)
        self._append(Moment(number, moment.frame))

    def _rotate(self, moment: Moment) -> None:
        number = moment.segment + 1
        self._segments.branch_checkpointed(moment, number)
        self._append(Moment(number, 0))

    def _last_commit(self) -> Commit:
        if self._last is None:
            self._last = next(self._history.newest_first())
        return self._last

    def _append(self, moment: Moment) -> None:
        now = datetime.now(UTC)
        # The file has milliseconds, and a moment must be found by the time in its line.
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._last = self._history.append(moment, now)
