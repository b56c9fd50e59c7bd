"""Reads a whole database into a file, again where others write to it meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pulumi_d1.copying.script import inventory, script
from pulumi_d1.errors import CopyFailed, SqlRefused
from pulumi_d1.migrations import live
from pulumi_d1.migrations.review import rows
from pulumi_d1.migrations.review.rows import Count
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.copying.page import Row
    from pulumi_d1.copying.script import Inventory
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.sqlite.storage import Storage

READINGS: Final = 3
"""How often the source is read while others write to it."""

_LINE_SECONDS: Final = 2.0  # between two lines of progress


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
class Reading:
    """What is in the file.

    Attributes:
        bookmark: Time Travel bookmark of the source from before it was read.
        origin: the source, as it was then.
        what: its inventory.
        rows: how many were read of each table, by name.
    """

    bookmark: str
    origin: Live
    what: Inventory
    rows: Mapping[str, int]


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


def read(source: Database, names: Names, file: BinaryIO, say: Callable[[str], None]) -> Reading:
    """Writes the script that makes the source again into `file`.

    Args:
        source: is only read.
        names: of both databases.
        file: is left at its end.
        say: is told how far the reading is.

    Raises:
        CopyFailed: its schema changes all the time.
        ConfigError: a table can't be read row by row.
        ApiError: it can't be read.
        SqlError: this SQLite can't make one of its objects.
    """
    reading: Reading | None = None
    for number in range(READINGS):
        if number:
            say(f"{names.source} was written to while it was read: reading it again")
        bookmark = source.bookmark()
        origin = live.read(source, names.table)
        what = inventory(origin.objects)
        try:
            reading = Reading(bookmark, origin, what, _written(source, what, names, file, say))
        except SqlRefused:  # a table that is another one by now
            if source.bookmark() == bookmark:
                raise
            reading = None
            continue
        if source.bookmark() == bookmark:
            return reading
    now = live.read(source, names.table)
    if not reading or (now.ledger, now.objects) != (reading.origin.ledger, reading.origin.objects):
        raise CopyFailed(
            f"nothing was copied: {names.source} is being migrated: run 'pulumi up' again when that is done"
        )
    say(f"{names.source} is written to all the time: its copy may hold rows of different moments")
    return reading


def counts(database: live.Source, what: Inventory) -> dict[str, int]:
    """Rows of each table that holds its own, by name; in one request for about 1,500 tables."""
    asked: Sequence[Count] = [Count(storage.table) for storage in what.filled]
    found: dict[str, int] = {}
    while asked:
        numbers = rows.counted(asked, database.read(rows.select(asked)))
        found |= {count.table: number for count, number in numbers.items()}
        asked = [count for count in asked if count.table not in found]
    return found


def _written(
    source: Database, what: Inventory, names: Names, file: BinaryIO, say: Callable[[str], None]
) -> dict[str, int]:
    """How many rows of each table went into the file."""
    expected = counts(source, what)
    progress = Progress(names, sum(expected.values()), say)
    file.seek(0)
    file.truncate()
    # An empty ledger may be there: wrangler leaves one behind when its first file fails.
    file.write(f"DROP TABLE IF EXISTS {quoted(names.table)};\n".encode())
    file.writelines(f"{line}\n".encode() for line in script(source, what, expected, progress.passed))
    return {name: progress.read.get(name, 0) for name in expected}
