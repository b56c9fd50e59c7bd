"""A restore as text: what it will delete, and what it did. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pulumi_d1.escaping import escape_line
from pulumi_d1.reports.review_text import change_line, counted, drift_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from pulumi_d1.migrations.past.destination import Destination
    from pulumi_d1.migrations.past.loss import RestoreLoss
    from pulumi_d1.migrations.past.restore import RestoreResult

_UNKNOWN = "at an unknown time"


def format_warning(database: str, to: Destination, retention: timedelta, loss: RestoreLoss, *, protected: bool) -> str:
    """Return what a restore will do, to show before the user confirms it.

    Args:
        retention: How long Cloudflare keeps bookmarks.
        protected: True if the database is protected.
    """
    lines = [*_destination(database, to, retention), *_loss(loss)]
    if protected:
        lines.append(f"!!! {database} IS PROTECTED: everything that its users wrote since then is lost.")
    return "\n".join(map(escape_line, lines))


def format_restored(restored: RestoreResult, database: str, undo_command: str) -> str:
    """Return what a restore did, and the command that undoes it."""
    ledger = restored.now.ledger
    last = f", last {ledger[-1]}" if ledger else ""
    lines = [
        f"{database} is restored to bookmark {restored.bookmark}",
        *([f"  note        {restored.note}"] if restored.note else []),
        f"  undone      {', '.join(restored.undone) or 'no file'}",
        *([f"  redone      {', '.join(restored.redone)}"] if restored.redone else []),
        f"  applied     {counted(len(ledger), 'file')}{last}",
        f"  undo        {undo_command}",
    ]
    return "\n".join(map(escape_line, lines))


def _destination(database: str, to: Destination, retention: timedelta) -> Iterator[str]:
    yield f"{database} will be restored to bookmark {to.bookmark}"
    if to.time is None:
        yield f"  taken {_UNKNOWN}; Cloudflare keeps a bookmark for {retention.days} days (config key retentionDays)"
    else:
        until = (to.time + retention).isoformat(timespec="seconds")
        yield f"  taken {to.time.isoformat(timespec='seconds')}, {_ago(to.time)} ago; restorable until {until}"


def _loss(loss: RestoreLoss) -> Iterator[str]:
    yield "this deletes:"
    yield "  every write since then, by anyone, rows included"
    for event in loss.files:
        yield f"  {event.name}, applied {event.time.isoformat() if event.time else _UNKNOWN}"
    if loss.drift:
        yield "  and, if it is newer than the bookmark, which cannot be determined:"
        yield from (f"    {line}" for line in drift_lines(loss.drift))
    if loss.schema or loss.unknown:
        yield "schema changes:"
        yield from (f"  {line}" for line in (*map(change_line, loss.schema), *loss.unknown))


def _ago(time: datetime) -> str:
    """Return the time since then in its two largest units."""
    minutes, seconds = divmod(int((datetime.now(UTC) - time).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join([f"{number} {unit}" for number, unit in units if number][:2]) or "0 s"
