"""Copies a database into an empty one: pages -> a file -> one import, which is one transaction.

So nothing is ever half copied. What became of an import whose answer was lost is told by the ledger: it comes along
with the times of its rows, which no database has but the source and its copies.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from infra.copying.script import inventory, script
from infra.errors import CopyFailed, OutcomeUnknown, PlanRefused, SqlRefused, TryLater
from infra.migrations import live
from infra.migrations.review import rows
from infra.migrations.review.rows import Count
from infra.migrations.run.outcome import SETTLE_SECONDS
from infra.retry import Retry
from infra.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

    from infra.cloudflare.database import Database
    from infra.copying.page import Row
    from infra.copying.script import Inventory
    from infra.migrations.live import Live
    from infra.sqlite.storage import Storage

READINGS: Final = 3
"""How often the source is read while others write to it."""

_LINE_SECONDS: Final = 2.0  # between two lines of progress
_TOLD_BYTES: Final = 1_000_000  # smaller imports take no time to speak of


class Target(live.Source, Protocol):
    """A database that is copied into."""

    def import_file(self, file: BinaryIO) -> None:
        """Runs a file of UTF-8 as one transaction. Sent once, as a write is."""


@dataclass(frozen=True, slots=True)
class Names:
    """The two databases in the words of messages.

    Attributes:
        source: name of the database that is copied.
        target: name of the new one.
        table: name of the ledger in both.
    """

    source: str
    target: str
    table: str


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


@dataclass(slots=True)
class Progress:
    """Counts the rows of a reading, and tells of them every other second.

    Attributes:
        names: the databases.
        total: rows that there are.
        say: is told.
        read: rows that were read, by table.
        told: when the last line was said, by a clock that only counts.
    """

    names: Names
    total: int
    say: Callable[[str], None]
    read: dict[str, int] = field(default_factory=dict)
    told: float = field(default_factory=time.monotonic)

    def passed(self, storage: Storage, found: Iterable[Row]) -> Iterator[Row]:
        """The rows of a table, counted."""
        for number, row in enumerate(found, 1):
            self.read[storage.table] = number
            if time.monotonic() - self.told >= _LINE_SECONDS:
                self.told = time.monotonic()
                done = sum(self.read.values())
                self.say(f"reading {self.names.source}: {done:,} of {self.total:,} rows ({storage.table})")
            yield row


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
    origin, found = live.read(source, names.table), live.read(target, names.table)
    what = inventory(origin.objects)
    if is_copy(found, origin):
        say(f"{names.target} is a copy of {names.source} already: an interrupted run has made it")
        return Copied(len(what.storages), sum(counts(target, what).values()), "")
    refuse_filled(found, names)
    for name in what.forgotten:
        say(f"the FTS5 table {name} keeps nothing of what it indexes (content=''): its copy comes empty")
    with tempfile.TemporaryFile() as file:
        bookmark, expected = _read(source, what, names, file, say)
        if (size := file.tell()) >= _TOLD_BYTES:
            say(f"importing {size / 1e6:,.0f} MB into {names.target}")
        _import(target, file, names, origin, retry)
    arrived = counts(target, what)
    if missing := [name for name, number in expected.items() if arrived.get(name) != number]:
        listed = ", ".join(f"{name} ({arrived.get(name, 0):,} of {expected[name]:,} rows)" for name in missing)
        raise CopyFailed(
            f"{names.target} is not what {names.source} was when it was read: {listed}: who else writes to it?"
        )
    return Copied(len(what.storages), sum(expected.values()), bookmark)


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


def counts(database: live.Source, what: Inventory) -> dict[str, int]:
    """Rows of each table that holds its own, by name; in one request for about 1,500 tables."""
    asked: Sequence[Count] = [Count(storage.table) for storage in what.filled]
    found: dict[str, int] = {}
    while asked:
        numbers = rows.counted(asked, database.read(rows.select(asked)))
        found |= {count.table: number for count, number in numbers.items()}
        asked = [count for count in asked if count.table not in found]
    return found


def _read(
    source: Database, what: Inventory, names: Names, file: BinaryIO, say: Callable[[str], None]
) -> tuple[str, dict[str, int]]:
    """Writes the script into `file`; gives the source's bookmark from before that, and how many rows are in it."""
    for _ in range(READINGS - 1):
        bookmark, read = _read_once(source, what, names, file, say)
        if source.bookmark() == bookmark:
            return bookmark, read
        say(f"{names.source} was written to while it was read: reading it again")
    bookmark, read = _read_once(source, what, names, file, say)
    if source.bookmark() != bookmark:
        say(f"{names.source} is written to all the time: its copy may hold rows of different moments")
    return bookmark, read


def _read_once(
    source: Database, what: Inventory, names: Names, file: BinaryIO, say: Callable[[str], None]
) -> tuple[str, dict[str, int]]:
    bookmark = source.bookmark()
    expected = counts(source, what)
    progress = Progress(names, sum(expected.values()), say)
    file.seek(0)
    file.truncate()
    # An empty ledger may be there: wrangler leaves one behind when its first file fails.
    file.write(f"DROP TABLE IF EXISTS {quoted(names.table)};\n".encode())
    file.writelines(f"{line}\n".encode() for line in script(source, what, expected, progress.passed))
    return bookmark, {name: progress.read.get(name, 0) for name in expected}


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
