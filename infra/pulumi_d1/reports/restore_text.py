"""A restore as text: what it would take away, and what it did. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pulumi_d1.reports.review_text import change_line, drift_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from pulumi_d1.migrations.past.destination import Destination
    from pulumi_d1.migrations.past.loss import Loss
    from pulumi_d1.migrations.past.restore import Restored

_UNKNOWN = "at a time that is not known"


def warning(database: str, to: Destination, retention: timedelta, loss: Loss, *, protected: bool) -> str:
    """What to know before a database is restored.

    Args:
        database: name of it.
        to: where it goes back to.
        retention: how long Cloudflare keeps bookmarks.
        loss: what it loses.
        protected: whether people depend on it.
    """
    return "\n".join((*_way(database, to, retention), *_loss(loss), *(_loud(database) if protected else ())))


def result(done: Restored, database: str, undo_command: str) -> str:
    """What a restore did."""
    last = f", the last is {done.now.ledger[-1]}" if done.now.ledger else ""
    lines = [
        f"{database} is restored to bookmark {done.bookmark}",
        *([f"  note        {done.note}"] if done.note else []),
        f"  taken back  {', '.join(done.gone) or 'no file'}",
        *([f"  back again  {', '.join(done.back)}"] if done.back else []),
        f"  applied     {len(done.now.ledger)} files{last}",
        f"  undo        {undo_command}",
    ]
    return "\n".join(lines)


def _way(database: str, to: Destination, retention: timedelta) -> Iterator[str]:
    yield f"{database} goes back to bookmark {to.bookmark}"
    if to.time is None:
        yield f"  taken {_UNKNOWN}; Cloudflare refuses it after {retention.days} days (config key retentionDays)"
    else:
        until = (to.time + retention).isoformat(timespec="seconds")
        yield f"  taken {to.time.isoformat(timespec='seconds')}, {_ago(to.time)} ago; kept until {until}"


def _loss(loss: Loss) -> Iterator[str]:
    yield "what it loses:"
    yield "  every write since then, whoever made it, rows included"
    for event in loss.files:
        yield f"  {event.name}, applied {event.time.isoformat() if event.time else _UNKNOWN}"
    yield from (f"  {change_line(change)}" for change in loss.schema)
    if loss.drift:
        yield "  and if it is newer than the bookmark, which can't be told:"
        yield from (f"    {line}" for line in drift_lines(loss.drift))
    yield from (f"  schema: {line}" for line in loss.untold)


def _loud(database: str) -> Iterator[str]:
    yield f"!!! {database} IS PROTECTED: what its users wrote since then is lost with the rest."


def _ago(time: datetime) -> str:
    """Time since then, in its two largest units."""
    minutes, seconds = divmod(int((datetime.now(UTC) - time).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join([f"{number} {unit}" for number, unit in units if number][:2]) or "0 s"
