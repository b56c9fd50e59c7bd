"""`d1 history`: what was applied to a database, by whom and when, and until when it can be undone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import click

from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_state import read_environment
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.migrations.past.events import join_history
from pulumi_d1.migrations.past.history import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.migrations.past.events import HistoryEvent

_COMMIT_DIGITS: Final = 7


@click.command()
@stack_option("Stack whose database to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def history(*, stack: str, as_json: bool) -> None:
    r"""Show who applied which file, and when.

    Oldest first: time, file, duration, who, and the commit of the file. The files of one run follow the bookmark from
    before it, which 'd1 restore --before FILE' restores. Pulumi's state keeps the last 50 files; those that others
    applied come from the ledger.

    \b
    Examples:
      d1 history --stack prod
      d1 history --json | jq '.[] | select(.restorable) | .file'
    """
    state = read_environment(stack)
    with waiting(f"reading {state.database_name}"):
        current = live.read_database(state.database(), state.migrations_table)
    events = join_history(state.history, current)
    if as_json:
        print_data(json.dumps([_as_json(event) for event in events], indent=2))
    else:
        say("\n".join((f"{state.database_name}:", *_lines(events))))


def _lines(events: Sequence[HistoryEvent]) -> Iterator[str]:
    if not events:
        yield "  nothing was applied yet"
    width = max((len(event.name) for event in events), default=0)
    full = sum(1 for event in events if event.application) >= LIMIT
    for bookmark, run in groupby(events, lambda event: event.application.bookmark if event.application else None):
        if bookmark:
            verb = "restorable until" if bookmark.expires > datetime.now(UTC) else "expired"
            yield f"  bookmark {bookmark.id}, {verb} {bookmark.expires.isoformat()}"
        else:
            yield f"  not by this program{f', or older than its last {LIMIT} files' if full else ''}"
        yield from (_line(event, width) for event in run)


def _line(event: HistoryEvent, width: int) -> str:
    cells = [event.time.isoformat() if event.time else "at an unknown time", event.name.ljust(width)]
    if (application := event.application) is not None:
        cells += [f"{application.seconds:g} s", application.by or "-", _short(application.commit) or "-"]
    if event.note:
        cells.append(f"({event.note})")
    return escape_line(f"    {'  '.join(cells)}".rstrip())


def _short(commit: str) -> str:
    """Return the commit's first digits, with the suffix of a checkout that had changes."""
    digits, dash, suffix = commit.partition("-")
    return f"{digits[:_COMMIT_DIGITS]}{dash}{suffix}"


def _as_json(event: HistoryEvent) -> dict[str, Any]:
    application = event.application
    return {
        "file": event.name,
        "time": event.time.isoformat() if event.time else None,
        "applied": event.note != "undone",
        "squashed": event.note == "squashed",
        "by_this_program": application is not None,
        "by": application.by if application else None,
        "commit": application.commit if application else None,
        "seconds": application.seconds if application else None,
        "sha256": application.sha256 if application else None,
        "bookmark": application.bookmark.id if application else None,
        "bookmark_expires": application.bookmark.expires.isoformat() if application else None,
        "restorable": application is not None and application.bookmark.expires > datetime.now(UTC),
    }
