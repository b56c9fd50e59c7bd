"""`d1 history`: what was applied to a database by whom and when, and how far back the way is open."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from pulumi_d1.cli.support.options import stack_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.migrations.past.events import Event

_COMMIT_DIGITS = 7


@click.command(short_help="Show who applied which file, and when.")
@stack_option("The environment whose database to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def history(*, stack: str, as_json: bool) -> None:
    r"""Show who applied which file, when and from which commit, oldest first.

    Files of one run stand under the bookmark from before it, which 'd1 restore --before FILE' goes back to. Pulumi's
    state keeps the last 50 files; what others applied is read from the ledger.

    \b
    Examples:
      d1 history --stack prod
      d1 history --json | jq '.[] | select(.restorable) | .file'
    """
    from pulumi_d1.cli.support import stack_state as stacks
    from pulumi_d1.cli.support.waiting import waiting
    from pulumi_d1.migrations import live
    from pulumi_d1.migrations.past.events import past

    known = stacks.read(stack)
    with waiting(f"reading {known.database_name}"):
        now = live.read(known.database(), known.outputs["migrations_table"])
    events = past(known.history, now)
    if as_json:
        click.echo(json.dumps([_as_json(event) for event in events], indent=2))
    else:
        click.echo("\n".join((f"{known.database_name}:", *_lines(events))))


def _lines(events: Sequence[Event]) -> Iterator[str]:
    from pulumi_d1.migrations.past.history import LIMIT

    if not events:
        yield "  nothing was applied yet"
    width = max((len(event.name) for event in events), default=0)
    full = sum(1 for event in events if event.application) >= LIMIT
    for bookmark, run in groupby(events, lambda event: event.application.bookmark if event.application else None):
        if bookmark:
            is_open = bookmark.expires > datetime.now(UTC)
            way = "way back until" if is_open else "way back closed since"
            yield f"  bookmark {bookmark.id}, {way} {bookmark.expires.isoformat()}"
        else:
            yield f"  not by this program{f', or older than its last {LIMIT} files' if full else ''}"
        yield from (_line(event, width) for event in run)


def _line(event: Event, width: int) -> str:
    cells = [event.time.isoformat() if event.time else "at an unknown time", event.name.ljust(width)]
    if (ours := event.application) is not None:
        cells += [f"{ours.seconds:g} s", ours.by or "-", _short(ours.commit) or "-"]
    if not event.in_ledger:
        cells.append("(not applied any more)")
    return f"    {'  '.join(cells)}".rstrip()


def _short(commit: str) -> str:
    """The commit's first digits, with the mark of a checkout that had changes."""
    digits, dash, mark = commit.partition("-")
    return f"{digits[:_COMMIT_DIGITS]}{dash}{mark}"


def _as_json(event: Event) -> dict[str, Any]:
    ours = event.application
    return {
        "file": event.name,
        "time": event.time.isoformat() if event.time else None,
        "applied": event.in_ledger,
        "by_this_program": ours is not None,
        "by": ours.by if ours else None,
        "commit": ours.commit if ours else None,
        "seconds": ours.seconds if ours else None,
        "sha256": ours.sha256 if ours else None,
        "bookmark": ours.bookmark.id if ours else None,
        "bookmark_expires": ours.bookmark.expires.isoformat() if ours else None,
        "restorable": ours is not None and ours.bookmark.expires > datetime.now(UTC),
    }
