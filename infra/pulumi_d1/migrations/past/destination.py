"""The moment to restore to: before a file, at a bookmark, or at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pulumi_d1.errors import ApiError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import timedelta

    from pulumi_d1.migrations.bookmark import Bookmark
    from pulumi_d1.migrations.past.history import Application


@dataclass(frozen=True, slots=True)
class Destination:
    """A moment of a database's past.

    Attributes:
        bookmark: The id of its Time Travel bookmark.
        time: The time; None for a bookmark that is not in the history.
    """

    bookmark: str
    time: datetime | None


def before_file(name: str, history: Sequence[Application]) -> Destination:
    """Return the moment before the last run that applied a file.

    Raises:
        ConfigError: The history lacks the file, or Cloudflare no longer keeps the bookmark.
    """
    bookmark = next((item.bookmark for item in reversed(history) if item.name == name), None)
    if bookmark is None:
        raise ConfigError(
            f"{name} is not in this stack's history, so there is no bookmark from before it: choose a file that "
            "'d1 history' lists, or use --time"
        )
    _refuse_expired(bookmark.time, bookmark.retention)
    return Destination(bookmark.id, bookmark.time)


def at_bookmark(bookmark_id: str, known: Iterable[Bookmark]) -> Destination:
    """Return the moment of a bookmark, with its time if it is known.

    Raises:
        ConfigError: Cloudflare no longer keeps it.
    """
    bookmark = next((bookmark for bookmark in known if bookmark.id == bookmark_id), None)
    if bookmark is None:
        return Destination(bookmark_id, None)
    _refuse_expired(bookmark.time, bookmark.retention)
    return Destination(bookmark.id, bookmark.time)


def at_time(text: str, retention: timedelta, bookmark_at: Callable[[datetime], str]) -> Destination:
    """Return the moment of a time, with Cloudflare's newest bookmark at or before it.

    Args:
        text: The time, in ISO 8601 with its offset.
        retention: How long Cloudflare keeps bookmarks.
        bookmark_at: Returns the bookmark of a time.

    Raises:
        ConfigError: It is not a time, has no offset, is in the future, or is older than Cloudflare's bookmarks.
        ApiError: Cloudflare has no bookmark, for example for a time before the database was created.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--time '{text}' is not an ISO 8601 time, such as 2026-11-23T02:10:00Z") from None
    if time.tzinfo is None:
        raise ConfigError(f"--time '{text}' has no time zone: add Z for UTC, or an offset such as +01:00")
    if time > datetime.now(UTC):
        raise ConfigError(f"--time '{text}' is in the future: it is {_shown(datetime.now(UTC))} now")
    _refuse_expired(time, retention)
    try:
        return Destination(bookmark_at(time), time)
    except ApiError as error:
        raise type(error)(f"Cloudflare has no bookmark for --time '{text}': {error}", code=error.code) from error


def _refuse_expired(time: datetime, retention: timedelta) -> None:
    if time + retention <= datetime.now(UTC):
        raise ConfigError(
            f"{_shown(time)} is too old: Cloudflare keeps bookmarks for {retention.days} days (config key "
            f"retentionDays), so it was restorable until {_shown(time + retention)}"
        )


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")
