"""What is known of a database's past: the history in the state, joined with the rows of its ledger. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.migrations.past.history import Application

_SLACK: Final = timedelta(minutes=1)
"""How much later than ours Cloudflare's clock may be; a ledger row later than that is of another application."""

_LEDGER_TICK: Final = timedelta(seconds=1)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One file, applied once.

    Attributes:
        name: of the migration.
        application: what the state knows of it; None for what is in the ledger alone.
        applied_at: the ledger's time; None where it tells none, or where the row is gone.
        in_ledger: whether it is applied now.
    """

    name: str
    application: Application | None
    applied_at: datetime | None
    in_ledger: bool

    @property
    def time(self) -> datetime | None:
        """When it was applied, in UTC."""
        return self.application.time if self.application else self.applied_at


def past(history: Sequence[Application], now: Live) -> tuple[Event, ...]:
    """All that is known, oldest first."""
    newest = {application.name: application for application in history}
    ours = {name for name, application in newest.items() if name in now.ledger and _is_of(now, application)}
    events = [
        Event(item.name, item, now.times.get(item.name) if is_in else None, is_in)
        for item in history
        for is_in in [item.name in ours and newest[item.name] is item]
    ]
    events += [Event(name, None, now.times.get(name), in_ledger=True) for name in now.ledger if name not in ours]
    return tuple(sorted(events, key=lambda event: event.time or _EARLIEST))


def newer(
    events: Sequence[Event], bookmark_id: str, retention: timedelta, at: Callable[[datetime], str]
) -> tuple[Event, ...]:
    """What is applied now and was not at a bookmark, oldest first: restoring to the bookmark takes it back.

    Two files of the same second, one on either side of the bookmark, may both be in it, where the state can't tell.

    Args:
        events: as `past` gives them.
        bookmark_id: the bookmark. Newer ones sort after older ones.
        retention: how far back `at` can be asked.
        at: gives the bookmark of a time; asked for as few rows as can be.
    """
    known = [event.application.bookmark.id for event in events if event.application]
    found: list[Event] = []
    for event in reversed([event for event in events if event.in_ledger]):
        own = event.application.bookmark.id if event.application else ""
        if own and own < bookmark_id and any(own < other <= bookmark_id for other in known):
            break  # a later run began before the bookmark
        if not (own and own >= bookmark_id) and not _is_newer(event.applied_at, bookmark_id, retention, at):
            break
        found.append(event)
    return tuple(reversed(found))


def _is_newer(
    applied_at: datetime | None, bookmark_id: str, retention: timedelta, at: Callable[[datetime], str]
) -> bool:
    now = datetime.now(UTC)
    if applied_at is None or applied_at < now - retention:
        return False
    end = applied_at + _LEDGER_TICK
    return end > now or at(end) > bookmark_id


def _is_of(now: Live, application: Application) -> bool:
    """Whether a file's ledger row is of this application, and not of a later one by someone else."""
    row = now.times.get(application.name)
    return row is None or row <= application.time + _SLACK


def digests(
    names: Sequence[str], events: Sequence[Event], recorded: Mapping[str, str], files: Sequence[Migration]
) -> dict[str, str]:
    """SHA-256 of each migration as it was when it was applied, by name; what nobody knows is left out.

    Args:
        names: of migrations that were in the ledger.
        events: as `past` gave them then.
        recorded: the state's digests, by name.
        files: the folder: what is in it counts where another tool applied the file, and nobody wrote its digest down.
    """
    applied = {event.name: event.application.sha256 for event in events if event.in_ledger and event.application}
    known = {file.name: file.sha256 for file in files} | dict(recorded) | applied
    return {name: known[name] for name in names if name in known}
