"""The moment that a restore goes back to."""

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
        bookmark: its Time Travel bookmark.
        time: when it was; None for a bookmark that nothing here has taken.
    """

    bookmark: str
    time: datetime | None


def before_file(name: str, history: Sequence[Application]) -> Destination:
    """Before the run that applied the file, the last time that it was.

    Raises:
        ConfigError: the history does not know the file, or Cloudflare does not keep the bookmark any more.
    """
    found = next((item.bookmark for item in reversed(history) if item.name == name), None)
    if found is None:
        raise ConfigError(
            f"{name} is not in this stack's history, so no bookmark from before it is known: 'd1 history' lists the "
            "files that are; give --time for any other moment"
        )
    _refuse_expired(found.time, found.retention)
    return Destination(found.id, found.time)


def at_bookmark(bookmark_id: str, known: Iterable[Bookmark]) -> Destination:
    """At a bookmark, which one of those known tells the time of.

    Raises:
        ConfigError: Cloudflare does not keep it any more, as far as its time is known.
    """
    found = next((bookmark for bookmark in known if bookmark.id == bookmark_id), None)
    if found is None:
        return Destination(bookmark_id, None)
    _refuse_expired(found.time, found.retention)
    return Destination(found.id, found.time)


def at_time(text: str, retention: timedelta, at: Callable[[datetime], str]) -> Destination:
    """At a time, which Cloudflare gives the bookmark of: the newest at or before it.

    Args:
        text: the time, in ISO 8601 with its offset.
        retention: how far back Cloudflare keeps bookmarks.
        at: asks for the bookmark of a time.

    Raises:
        ConfigError: it is no time, has no offset, is in the future, or longer ago than Cloudflare keeps.
        ApiError: Cloudflare gives no bookmark, as for a time before the database was created.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--time '{text}' is not an ISO 8601 time, such as 2026-11-23T02:10:00Z") from None
    if time.tzinfo is None:
        raise ConfigError(
            f"--time '{text}' does not say in which time zone: add Z for UTC, or an offset such as +01:00"
        )
    if time > datetime.now(UTC):
        raise ConfigError(f"--time '{text}' is in the future: it is {_shown(datetime.now(UTC))} now")
    _refuse_expired(time, retention)
    try:
        return Destination(at(time), time)
    except ApiError as error:
        raise type(error)(f"Cloudflare gives no bookmark for --time '{text}': {error}", code=error.code) from error


def _refuse_expired(time: datetime, retention: timedelta) -> None:
    if time + retention <= datetime.now(UTC):
        raise ConfigError(
            f"{_shown(time)} is longer ago than the {retention.days} days that Cloudflare keeps (config key "
            f"retentionDays): the way back is closed since {_shown(time + retention)}"
        )


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")
