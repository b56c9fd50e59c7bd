"""Copies a database into an empty one: pages -> a file -> one import, which is one transaction.

So nothing is ever half copied. What became of an import whose answer was lost is told by the ledger: it comes along
with the times of its rows, which no database has but the source and its copies.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.copying.reading import counts, read
from pulumi_d1.copying.script import inventory
from pulumi_d1.errors import CopyFailed, OutcomeUnknown, PlanRefused, SqlRefused, TryLater
from pulumi_d1.migrations import live
from pulumi_d1.migrations.run.outcome import SETTLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.copying.reading import Names
    from pulumi_d1.migrations.live import Live

_TOLD_BYTES: Final = 1_000_000  # smaller imports take no time to speak of


class Target(live.Source, Protocol):
    """A database that is copied into."""

    def import_file(self, file: BinaryIO) -> None:
        """Runs a file of UTF-8 as one transaction. Sent once, as a write is."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied.

    Attributes:
        tables: how many, the ledger included.
        rows: of all of them.
        bookmark: Time Travel bookmark of the source just before it was read; empty where an earlier run copied it.
    """

    tables: int
    rows: int
    bookmark: str


def copy(
    source: Database,
    target: Target,
    names: Names,
    *,
    say: Callable[[str], None] = lambda _: None,
    retry: Retry | None = None,
) -> Copied:
    """Copies `source` into `target`, unless a run that was interrupted has done so.

    Args:
        source: is only read.
        target: an empty database.
        names: of both.
        say: is told of each longer step.
        retry: how to wait.

    Raises:
        PlanRefused: the target is not empty. Nothing was written.
        CopyFailed: D1 refuses the copy, or it is not what was read.
        ConfigError: a table can't be read row by row.
        OutcomeUnknown: the answer to the import was lost, and the target does not show it yet.
        ApiError: a database can't be read.
        SqlError: this SQLite can't make one of the source's objects.
    """
    retry = retry or Retry(say)
    found = live.read(target, names.table)
    if is_copy(found, live.read(source, names.table)):
        say(f"{names.target} is a copy of {names.source} already: an interrupted run has made it")
        what = inventory(found.objects)
        return Copied(len(what.storages), sum(counts(target, what).values()), "")
    refuse_filled(found, names)
    with tempfile.TemporaryFile() as file:
        reading = read(source, names, file, say)
        for name in reading.what.forgotten:
            say(f"the FTS5 table {name} keeps nothing of what it indexes (content=''): its copy comes empty")
        if (size := file.tell()) >= _TOLD_BYTES:
            say(f"importing {size / 1e6:,.0f} MB into {names.target}")
        _import(target, file, names, reading.origin, retry)
    arrived = counts(target, reading.what)
    if missing := [name for name, number in reading.rows.items() if arrived.get(name) != number]:
        listed = ", ".join(f"{name} ({arrived.get(name, 0):,} of {reading.rows[name]:,} rows)" for name in missing)
        raise CopyFailed(
            f"{names.target} is not what {names.source} was when it was read: {listed}: who else writes to it?"
        )
    return Copied(len(reading.what.storages), sum(reading.rows.values()), reading.bookmark)


def is_copy(found: Live, origin: Live) -> bool:
    """Whether a database is a copy of another one: its ledger is the beginning of that one's, times included.

    Where there is no ledger, the schema has to be the same.
    """
    if not found.ledger:
        return bool(found.objects) and not origin.ledger and set(found.objects) == set(origin.objects)
    begins = origin.ledger[: len(found.ledger)] == found.ledger
    return begins and all(origin.times.get(name) == time for name, time in found.times.items())


def refuse_filled(found: Live, names: Names) -> None:
    """Stops a copy over what is there already. An empty ledger is nothing.

    Raises:
        PlanRefused: there is something.
    """
    there = [item for item in found.objects if item.table.lower() != names.table.lower()]
    if there or found.ledger:
        what = f"{there[0].type} {there[0].name}" if there else f"ledger {names.table} with {len(found.ledger)} rows"
        raise PlanRefused(
            f"nothing was copied: {names.target} is not empty (it has the {what}), and only a new database becomes a "
            f"copy of {names.source}: take the key copyFrom out, or 'pulumi destroy' this stack first"
        )


def _import(target: Target, file: BinaryIO, names: Names, origin: Live, retry: Retry) -> None:
    try:
        retry.call(lambda: target.import_file(file), on=(TryLater,))
    except SqlRefused as error:
        raise CopyFailed(f"D1 refuses the copy of {names.source}: {error}; nothing of it was kept") from error
    except OutcomeUnknown as error:
        for pause in SETTLE_SECONDS:
            retry.sleep(pause)
            if is_copy(live.read(target, names.table), origin):
                return
        raise OutcomeUnknown(
            f"{error}; {names.target} does not show the copy of {names.source} yet, which may still be running: run "
            "'pulumi up' again in a minute, it looks before it copies"
        ) from error
