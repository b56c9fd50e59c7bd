"""Time Travel: which moment of a database is current, which one belongs to a time, and the way to another.

A restore never removes anything: it starts a new segment as a copy of the database at that moment, so every earlier
bookmark stays good, the one just left included, and a restore can be undone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from d1_emulator.errors import BookmarkUnknown, TimeUnavailable
from d1_emulator.timetravel.bookmarks import Moment, bookmark_of, moment_of
from d1_emulator.timetravel.history import Entry, History, format_time
from d1_emulator.timetravel.segments import Segments

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    import apsw

ROTATE_BYTES: Final = 64 * 1024 * 1024
"""Default size of a WAL above which a new segment starts, so that opening a database stays quick."""


class Timeline:
    """The segments and the history of one database. Not safe for threads: its owner holds a lock.

    Args:
        folder: the database's.
        uuid: the database's, part of each bookmark.
        rotate_bytes: a new segment starts when the WAL is larger than this and larger than its base file.
    """

    def __init__(self, folder: Path, uuid: str, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._uuid = uuid
        self._segments = Segments(folder / "segments")
        self._history = History(folder / "history.log", uuid)
        self._rotate_bytes = rotate_bytes
        self._last: Entry | None = None

    def create(self, now: datetime) -> None:
        """Make the files of a new, empty database."""
        frames = self._segments.create_first()
        self._history.append(Moment(1, frames), now)

    @property
    def current(self) -> Moment:
        """The moment of the last commit."""
        return self._entry().moment

    def bookmark(self, moment: Moment) -> str:
        """Write a moment as a bookmark of this database."""
        return bookmark_of(self._uuid, moment)

    def open(self) -> apsw.Connection:
        """Open the current segment, and put right what a kill, or a stranger's hand on the files, has left."""
        self._history.repair()
        self._last = next(self._history.newest_first())
        last = self._last.moment
        self._segments.remove_after(last.segment)
        connection = self._segments.open(last.segment)
        frames = self._segments.frames(last.segment)
        if frames < last.frame:
            # Another program has checkpointed: the data is whole, but the base file is no longer the one of the
            # history. Go on from here in a new segment, and restore nothing from the old one.
            connection.close()
            self._rotate(Moment(last.segment, frames))
            self._segments.set_aside(last.segment)
            return self._segments.open(self.current.segment)
        self.record(frames)
        return connection

    def record(self, frames: int) -> None:
        """Note a commit that has left this many frames in the WAL; nothing is noted where nothing was written."""
        if frames != self.current.frame:
            self._note(Moment(self.current.segment, frames))

    @property
    def is_full(self) -> bool:
        """Whether the WAL has outgrown its bound."""
        wal = self._segments.wal_bytes(self.current)
        return wal > self._rotate_bytes and wal > self._segments.base_bytes(self.current.segment)

    def rotate(self) -> None:
        """Start a new segment with the same content and an empty WAL. No connection may be open."""
        self._rotate(self.current)

    def at(self, time: datetime, retention: timedelta) -> Moment:
        """Find the newest moment at or before a time.

        Raises:
            TimeUnavailable: the time is in the future, before the database existed, or older than `retention`.
        """
        now = datetime.now(UTC)
        if time > now:
            raise TimeUnavailable(f"timestamp {format_time(time)} is in the future")
        if time < now - retention:
            raise TimeUnavailable(f"timestamp {format_time(time)} is older than the {retention.days} days kept")
        for entry in self._history.newest_first():
            if entry.time <= time:
                return entry.moment
        raise TimeUnavailable(f"timestamp {format_time(time)} is before the database was created")

    def restore(self, bookmark: str) -> None:
        """Start a new segment with the content of an earlier moment. No connection may be open.

        Raises:
            BookmarkUnknown: the bookmark is not one of this database's, or its files are gone.
        """
        moment = moment_of(self._uuid, bookmark)
        known = moment is not None and any(entry.moment == moment for entry in self._history.newest_first())
        if moment is None or not known or not self._segments.has(moment):
            raise BookmarkUnknown(bookmark)
        number = self.current.segment + 1
        self._segments.branch(moment, number)
        self._note(Moment(number, moment.frame))

    def _rotate(self, moment: Moment) -> None:
        number = moment.segment + 1
        self._segments.branch_checkpointed(moment, number)
        self._note(Moment(number, 0))

    def _entry(self) -> Entry:
        if self._last is None:
            self._last = next(self._history.newest_first())
        return self._last

    def _note(self, moment: Moment) -> None:
        now = datetime.now(UTC)
        # To the millisecond, as the file has it: a moment must be found again by the time that its line shows.
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._last = self._history.append(moment, now)
