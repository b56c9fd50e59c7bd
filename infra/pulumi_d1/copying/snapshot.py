"""Write a database's script to a file, and read the database again if it changed meanwhile."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pulumi_d1.copying.script import copy_script
from pulumi_d1.errors import CopyFailed, SqlRefused
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.migrations.rehearsal.counts import CountQuery, count_rows
from pulumi_d1.tables.plan import plan_copy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import LiveDatabase, ReadableDatabase
    from pulumi_d1.sqlite.storage import Storage
    from pulumi_d1.tables.plan import CopyPlan

logger = logging.getLogger(__name__)

READS: Final = 3
"""Number of times that a source is read if it changes meanwhile."""

_LINE_SECONDS: Final = 2.0  # between two lines of progress


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The source of a script, as it was when the script was written.

    Attributes:
        bookmark: Time Travel bookmark from before it was read.
        rows: Number of rows that were read of each table, by name.
    """

    bookmark: str
    database: LiveDatabase
    plan: CopyPlan
    rows: Mapping[str, int]


@dataclass(slots=True)
class CopyProgress:
    """Counts the rows that were read, and logs the number every other second.

    Attributes:
        total: Number of rows to read.
        rows: Number of rows that were read, by table.
        logged_at: Time of the last line, by the monotonic clock.
    """

    name: str
    total: int
    rows: dict[str, int] = field(default_factory=dict)
    logged_at: float = field(default_factory=time.monotonic)

    def track(self, storage: Storage, rows: int) -> None:
        """Count rows of a table that were read."""
        self.rows[storage.table] = self.rows.get(storage.table, 0) + rows
        if time.monotonic() - self.logged_at >= _LINE_SECONDS:
            self.logged_at = time.monotonic()
            total = f"{sum(self.rows.values()):,} of {self.total:,}"
            logger.info(f"reading {self.name}: {total} rows ({escape_line(storage.table)})")


def write_snapshot(source: Database, name: str, ledger: str, file: BinaryIO) -> Snapshot:
    """Write the script that creates the source again into `file`, and leave the file at its end.

    Args:
        source: The database to read. Nothing is written to it.
        name: Its name, for messages.

    Raises:
        CopyFailed: The source is being migrated.
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
        plan = plan_copy(database.objects)
        try:
            snapshot = Snapshot(bookmark, database, plan, _write_script(source, plan, name, ledger, file))
        except SqlRefused:  # a table changed meanwhile
            if source.bookmark() == bookmark:
                raise
            snapshot = None
            continue
        if source.bookmark() == bookmark:
            return snapshot
    now = live.read_despite_faults(source, ledger)
    if not snapshot or (now.ledger, now.objects) != (snapshot.database.ledger, snapshot.database.objects):
        raise CopyFailed(
            f"{name} is being migrated: its schema changed while it was read. Try again when the migration is done"
        )
    logger.info(f"{name} changed during each of {READS} reads: the copy may contain rows of different moments")
    return snapshot


def count_table_rows(database: ReadableDatabase, plan: CopyPlan) -> dict[str, int]:
    """Return the number of rows of each table in `row_tables`, by name. One request counts about 1,500 tables."""
    queries: Sequence[CountQuery] = [CountQuery(storage.table) for storage in plan.row_tables]
    counts: dict[str, int] = {}
    while queries:
        counts |= {query.table: number for query, number in count_rows(database, queries).items()}
        queries = [query for query in queries if query.table not in counts]
    return counts


def _write_script(source: Database, plan: CopyPlan, name: str, ledger: str, file: BinaryIO) -> dict[str, int]:
    """Write the script, and return the number of rows in it for each table."""
    row_counts = count_table_rows(source, plan)
    progress = CopyProgress(name, sum(row_counts.values()))
    file.seek(0)
    file.truncate()
    file.writelines(f"{line}\n".encode() for line in copy_script(source, plan, row_counts, progress.track, ledger))
    return {table: progress.rows.get(table, 0) for table in row_counts}
