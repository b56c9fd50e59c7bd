"""The past of a database: the history in the state, joined with the rows of its ledger. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.past.history import Application

_CLOCK_SKEW: Final = timedelta(minutes=1)
"""The most that Cloudflare's clock may be ahead of ours. A later ledger row belongs to another application."""

_LEDGER_TICK: Final = timedelta(seconds=1)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One application of one file, by this program or by another tool.

    Attributes:
        application: The record in the state; None if only the ledger lists it.
        applied_at: The time in the ledger; None if the row has none or is gone.
        in_ledger: True if the ledger lists it.
        squashed: True if the ledger lists a squashed file in its place.
    """

    name: str
    application: Application | None
    applied_at: datetime | None
    in_ledger: bool
    squashed: bool = False

    @property
    def note(self) -> str:
        """Why the ledger does not list it: `squashed` or `undone`; empty if it does."""
        return "" if self.in_ledger else "squashed" if self.squashed else "undone"

    @property
    def time(self) -> datetime | None:
        """The time when it was applied, in UTC."""
        return self.application.time if self.application else self.applied_at


def join_history(history: Sequence[Application], now: LiveDatabase) -> tuple[HistoryEvent, ...]:
    """Return the events of the history and of the ledger, oldest first."""
    newest = {application.name: application for application in history}
    ours = {name for name, application in newest.items() if name in now.ledger and _matches_row(application, now)}
    squashed = {name for file in ours for name in newest[file].squashed}
    events = [
        HistoryEvent(
            item.name,
            item,
            now.times.get(item.name) if in_ledger else None,
            in_ledger,
            item.name in squashed and newest[item.name] is item,
        )
        for item in history
        for in_ledger in [item.name in ours and newest[item.name] is item]
    ]
    events += [HistoryEvent(name, None, now.times.get(name), in_ledger=True) for name in now.ledger if name not in ours]
    return tuple(sorted(events, key=lambda event: event.time or _EARLIEST))


def events_after(
    events: Sequence[HistoryEvent], bookmark_id: str, retention: timedelta, bookmark_at: Callable[[datetime], str]
) -> tuple[HistoryEvent, ...]:
    """Return the applied files that a restore to a bookmark would undo, oldest first; those of a squash, too.

    Ledger times are whole seconds. If the state does not record them, two files of the second of the bookmark are both
    included, even if one was applied before it.

    Args:
        events: The result of `join_history`.
        bookmark_id: The bookmark. Newer bookmarks sort after older ones.
        retention: How far back `bookmark_at` works.
        bookmark_at: Returns the bookmark of a time; called for as few rows as possible.
    """
    known = [event.application.bookmark.id for event in events if event.application]
    undone: list[HistoryEvent] = []
    for event in reversed([event for event in events if event.in_ledger or event.squashed]):
        own = event.application.bookmark.id if event.application else ""
        if own and own < bookmark_id and any(own < other <= bookmark_id for other in known):
            break  # a later run began before the bookmark
        if not (own and own >= bookmark_id) and not _is_after(event.applied_at, bookmark_id, retention, bookmark_at):
            break
        undone.append(event)
    return tuple(reversed(undone))


def _is_after(
    applied_at: datetime | None, bookmark_id: str, retention: timedelta, bookmark_at: Callable[[datetime], str]
) -> bool:
    now = datetime.now(UTC)
    if applied_at is None or applied_at < now - retention:
        return False
    end = applied_at + _LEDGER_TICK
    return end > now or bookmark_at(end) > bookmark_id


def _matches_row(application: Application, now: LiveDatabase) -> bool:
    """Return whether the ledger row belongs to this application, and not to a later one by someone else."""
    row = now.times.get(application.name)
    return row is None or row <= application.time + _CLOCK_SKEW


def applied_digests(
    names: Sequence[str], events: Sequence[HistoryEvent], recorded: Mapping[str, str], files: Sequence[Migration]
) -> dict[str, str]:
    """Return the SHA-256 of each migration when it was applied, by name. Unknown ones are left out.

    Args:
        names: The names of migrations that were in the ledger.
        events: The result of `join_history` for that ledger.
        recorded: The digests in the state, by name.
        files: The folder. It counts for files that another tool applied, whose digests were not recorded.
    """
    applied = {event.name: event.application.sha256 for event in events if event.in_ledger and event.application}
    known = {file.name: file.sha256 for file in files} | dict(recorded) | applied
    return {name: known[name] for name in names if name in known}
