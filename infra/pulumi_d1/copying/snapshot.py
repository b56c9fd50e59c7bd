"""Write a database's script to a file, and read the database again if it changed meanwhile."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from pulumi_d1.copying.contents import SEQUENCES, Contents, schema_digests, sequence_rows, sequence_summary
from pulumi_d1.copying.orphans import Orphans, find_orphans
from pulumi_d1.copying.script import SourceFigures, copy_script
from pulumi_d1.errors import CopyFailed, SqlRefused
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.migrations.rehearsal.counts import CountQuery, count_rows
from pulumi_d1.sqlite.names import fold
from pulumi_d1.tables.digest import TableDigest
from pulumi_d1.tables.plan import plan_copy
from pulumi_d1.tables.reader import PAGE_BYTES, REQUEST_BYTES, REQUEST_CELLS, copied_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import BinaryIO

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.copying.masks import Masks
    from pulumi_d1.migrations.live import LiveDatabase, ReadableDatabase
    from pulumi_d1.sqlite.storage import Storage
    from pulumi_d1.tables.plan import CopyPlan

logger = logging.getLogger(__name__)

READS: Final = 3
"""Number of times that a source is read if it changes meanwhile."""

_LINE_SECONDS: Final = 2.0  # between two lines of progress
_FIXED_REQUESTS: Final = 8  # bookmarks, schema, ledger, counts, sequences, foreign keys, and the first page

RowChange: TypeAlias = "Callable[[Storage, list[str]], list[str]]"
"""Changes rows of a table, which are as `join_sql` writes them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The source of a script, as it was when the script was written.

    Attributes:
        bookmark: Time Travel bookmark from before it was read.
        contents: Counts and digests of what the script has.
        is_consistent: False if the source changed during each read, so its rows may be of different moments.
        orphans: Rows without a parent.
    """

    bookmark: str
    database: LiveDatabase
    plan: CopyPlan
    contents: Contents
    is_consistent: bool
    orphans: tuple[Orphans, ...]

    @property
    def rows(self) -> dict[str, int]:
        """Number of rows in the script of each table, by name."""
        return {name: table.rows for name, table in self.contents.tables.items() if name != SEQUENCES}


@dataclass(frozen=True, slots=True)
class ReadEstimate:
    """The effort of reading a database.

    Attributes:
        rows: Number of rows in its tables.
        rows_read: Number of rows that D1 is expected to count: to count them, to read them, to check foreign keys.
        size: Its size in bytes.
    """

    tables: int
    rows: int
    rows_read: int
    requests: int
    size: int

    def __str__(self) -> str:
        """Return the effort in words."""
        return (
            f"{self.tables:,} tables with {self.rows:,} rows, {self.size / 1e6:,.1f} MB: about {self.requests:,} "
            f"requests, and D1 counts about {self.rows_read:,} rows as read"
        )


@dataclass(slots=True)
class CopyProgress:
    """Counts and digests the rows that were read, and logs the number every other second.

    Attributes:
        total: Number of rows to read.
        digests: Digest of the rows that were written, by table.
        change: Changes rows before they are written; None for an exact copy.
        logged_at: Time of the last line, by the monotonic clock.
    """

    name: str
    total: int
    digests: dict[str, TableDigest]
    change: RowChange | None
    logged_at: float = field(default_factory=time.monotonic)

    def treat(self, storage: Storage, rows: list[str]) -> list[str]:
        """Return rows that were read as they are to be written."""
        if self.change:
            rows = self.change(storage, rows)
        self.digests[storage.table].add(rows)
        if time.monotonic() - self.logged_at >= _LINE_SECONDS:
            self.logged_at = time.monotonic()
            total = f"{sum(digest.rows for digest in self.digests.values()):,} of {self.total:,}"
            logger.info(f"reading {self.name}: {total} rows ({escape_line(storage.table)})")
        return rows


@dataclass(frozen=True, slots=True)
class SnapshotOptions:
    """Options of a snapshot.

    Attributes:
        masks: Rules that change values; None for an exact copy.
        announce: Called with the effort before the first row is read.
    """

    masks: Masks | None = None
    announce: Callable[[ReadEstimate], None] | None = None


EXACT: Final = SnapshotOptions()
"""Options of a copy without changes."""


def write_snapshot(
    source: Database,
    name: str,
    ledger: str,
    write: Callable[[Iterable[bytes]], None],
    options: SnapshotOptions = EXACT,
) -> Snapshot:
    """Write the script that creates the source again.

    Args:
        source: The database to read. Nothing is written to it.
        name: Its name, for messages.
        write: Writes the script. Called again if the source is read again, and then starts over.

    Raises:
        CopyFailed: The source is being migrated or replaced.
        ConfigError: The rows of a table cannot be read in order.
        ApiError: The source cannot be read.
        SqlError: This SQLite cannot create one of its objects.
    """
    snapshot: Snapshot | None = None
    for number in range(READS):
        if number:
            logger.info(f"{name} changed while it was read: reading it again")
        bookmark = source.bookmark()
        database = live.read_despite_faults(source, ledger)
        if database.is_unfinished:
            raise CopyFailed(f"nothing was copied from {name}: {live.UNFINISHED}")
        plan = plan_copy(database.objects)
        try:
            contents = _write_script(source, plan, (name, ledger), write, options)
            orphans = find_orphans(source, plan.objects, name)
        except SqlRefused:  # a table changed meanwhile
            if source.bookmark() == bookmark:
                raise
            snapshot = None
            continue
        is_consistent = source.bookmark() == bookmark
        snapshot = Snapshot(bookmark, database, plan, contents, is_consistent, orphans)
        if is_consistent:
            break
        options = SnapshotOptions(options.masks)  # the effort is announced once
    if not snapshot or not snapshot.is_consistent:
        now = live.read_despite_faults(source, ledger)
        if not snapshot or (now.ledger, now.objects) != (snapshot.database.ledger, snapshot.database.objects):
            raise CopyFailed(
                f"{name} is being migrated: its schema changed while it was read. Try again when the migration is done"
            )
        logger.info(f"{name} changed during each of {READS} reads: the copy may contain rows of different moments")
    for orphan in snapshot.orphans:
        logger.info(f"{name}: {orphan}: copied as they are")
    return snapshot


def to_file(file: BinaryIO) -> Callable[[Iterable[bytes]], None]:
    """Return the function that writes a snapshot's script into `file`, and leaves the file at its end."""

    def write(lines: Iterable[bytes]) -> None:
        file.seek(0)
        file.truncate()
        file.writelines(lines)

    return write


def estimate_reading(plan: CopyPlan, row_counts: Mapping[str, int], size: int) -> ReadEstimate:
    """Return the effort of reading tables with these numbers of rows, in a database of this size in bytes."""
    rows = sum(row_counts.values())
    cells = sum(row_counts[storage.table] * len(copied_columns(storage)) for storage in plan.row_tables)
    pages = max(cells / REQUEST_CELLS, size / PAGE_BYTES if size > REQUEST_BYTES else 0)
    keyed = [item for item in plan.objects if item.type == "table" and "references" in fold(item.sql)]
    checked = 2 * sum(row_counts.get(item.name, 0) for item in keyed)
    return ReadEstimate(len(plan.storages), rows, 2 * rows + checked, _FIXED_REQUESTS + round(pages), size)


def count_table_rows(database: ReadableDatabase, plan: CopyPlan) -> dict[str, int]:
    """Return the number of rows of each table in `row_tables`, by name. One request counts about 1,500 tables."""
    queries: Sequence[CountQuery] = [CountQuery(storage.table) for storage in plan.row_tables]
    counts: dict[str, int] = {}
    while queries:
        counts |= {query.table: number for query, number in count_rows(database, queries).items()}
        queries = [query for query in queries if query.table not in counts]
    return counts


def _write_script(
    source: Database,
    plan: CopyPlan,
    names: tuple[str, str],
    write: Callable[[Iterable[bytes]], None],
    options: SnapshotOptions,
) -> Contents:
    """Write the script, and return the counts and digests of what it has.

    Args:
        names: Names of the database and of its ledger.
    """
    name, ledger = names
    change = options.masks.changes(plan) if options.masks else None
    row_counts = count_table_rows(source, plan)
    if options.announce:
        [result] = source.query(["SELECT 1"])
        options.announce(estimate_reading(plan, row_counts, result.size))
    sequences = sequence_rows(source, plan)
    digests = {table: TableDigest() for table in row_counts}
    progress = CopyProgress(name, sum(row_counts.values()), digests, change)
    script = copy_script(source, plan, SourceFigures(row_counts, sequences), progress.treat, ledger)
    write(f"{line}\n".encode() for line in script)
    tables = {table: digest.summary for table, digest in digests.items()}
    return Contents(schema_digests(plan.objects), {**tables, SEQUENCES: sequence_summary(sequences)})
