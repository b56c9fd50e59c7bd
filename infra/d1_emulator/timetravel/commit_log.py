"""history.log of a database: one line for each commit, with a bookmark and the time, oldest first.

A line is appended after its commit. A kill can therefore leave a commit without a line, which `timeline` adds, or half
of a line, which reading skips and `repair` removes. It never leaves a line without its commit.
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
class Commit:
    """The moment after a commit, and its time: UTC, to the millisecond."""

    moment: Moment
    time: datetime


class CommitLog:
    """The log of one database; `append` creates the file."""

    def __init__(self, path: Path, uuid: str) -> None:
        self._path = path
        self._uuid = uuid

    def append(self, moment: Moment, time: datetime) -> Commit:
        """Append a line in one write."""
        line = f"{bookmark_of(self._uuid, moment)} {format_time(time)}\n"
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode())
        return Commit(moment, time)

    def newest_first(self) -> Iterator[Commit]:
        """Yield the commits, last one first. A torn last line is skipped, not removed."""
        complete, _, _torn = self._path.read_bytes().rpartition(b"\n")
        for line in reversed(complete.splitlines()):
            commit = self._parse(line.decode())
            if commit is not None:
                yield commit

    def repair(self) -> None:
        """Remove a torn last line, so the next one starts on its own line."""
        content = self._path.read_bytes()
        complete = content.rfind(b"\n") + 1
        if complete < len(content):
            with self._path.open("r+b") as file:
                file.truncate(complete)

    def _parse(self, line: str) -> Commit | None:
        bookmark, _, time = line.partition(" ")
        moment = moment_of(self._uuid, bookmark)
        return None if moment is None else Commit(moment, parse_time(time))


def format_time(time: datetime) -> str:
    """Return a time as the API writes it: ISO 8601, UTC, milliseconds, "Z"."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time, in UTC if it has no offset.

    Raises:
        ValueError: The text is no such time.
    """
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
