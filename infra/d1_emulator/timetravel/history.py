"""history.log of a database: one line for each commit, a bookmark and the time, oldest first.

A line is appended after its commit, so a kill can leave a commit without a line (`timeline` adds it) or half of a line
(reading ignores it, and `repair` cuts it off), but never a line without its commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from d1_emulator.timetravel.bookmarks import Moment, bookmark_of, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A commit: the moment it led to, and when, to the millisecond, in UTC."""

    moment: Moment
    time: datetime


class History:
    """The log of one database.

    Args:
        path: the file; `append` creates it.
        uuid: the database's, part of each bookmark.
    """

    def __init__(self, path: Path, uuid: str) -> None:
        self._path = path
        self._uuid = uuid

    def append(self, moment: Moment, time: datetime) -> Entry:
        """Add a line in one write."""
        line = f"{bookmark_of(self._uuid, moment)} {format_time(time)}\n"
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode())
        return Entry(moment, time)

    def newest_first(self) -> Iterator[Entry]:
        """Read the commits, the last one first. Reads only: a torn last line is passed over, not removed."""
        complete, _, _torn = self._path.read_bytes().rpartition(b"\n")
        for line in reversed(complete.splitlines()):
            entry = self._parse(line.decode())
            if entry is not None:
                yield entry

    def repair(self) -> None:
        """Cut off a torn last line, so that the next one starts on a line of its own."""
        content = self._path.read_bytes()
        complete = content.rfind(b"\n") + 1
        if complete < len(content):
            with self._path.open("r+b") as file:
                file.truncate(complete)

    def _parse(self, line: str) -> Entry | None:
        bookmark, _, time = line.partition(" ")
        moment = moment_of(self._uuid, bookmark)
        return None if moment is None else Entry(moment, parse_time(time))


def format_time(time: datetime) -> str:
    """Write a time as the API does: ISO 8601, UTC, milliseconds, "Z"."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time; one without an offset is taken as UTC.

    Raises:
        ValueError: the text is no such time.
    """
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
