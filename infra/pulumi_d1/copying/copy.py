"""Copy a database into an empty one: its pages go into a file, and the file is one import.

An import may be no transaction. The script's helper table shows that it is running, or that it died, so such a database
is never taken for a copy. If the response to an import is lost, the ledger decides whether it ran: the copied ledger
has the times of the source's rows, which only the source and its copies have.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.copying.snapshot import count_table_rows, to_file, write_snapshot
from pulumi_d1.errors import (
    CopyFailed,
    NoConnection,
    OutcomeUnknown,
    PlanRefused,
    SqlRefused,
    StillRunning,
    TryLater,
)
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations import live
from pulumi_d1.migrations.run.settling import settle_attempts
from pulumi_d1.sqlite.messages import hide_values
from pulumi_d1.sqlite.names import fold
from pulumi_d1.tables.insert import pieces_table_name
from pulumi_d1.tables.plan import plan_copy

if TYPE_CHECKING:
    from typing import BinaryIO

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import LiveDatabase

logger = logging.getLogger(__name__)

_LARGE_BYTES: Final = 1_000_000  # smaller imports are too quick for a message


@dataclass(frozen=True, slots=True)
class CopyNames:
    """Names of a copy.

    Attributes:
        source: Name of the database that is copied.
    """

    source: str
    target: str
    ledger: str


class CopyTarget(live.ReadableDatabase, Protocol):
    """A database that can be copied into."""

    def import_file(self, file: BinaryIO) -> None:
        """Run a file of UTF-8. It is sent once, as a write is."""


@dataclass(frozen=True, slots=True)
class CopyResult:
    """Size of a copy.

    Attributes:
        tables: Number of tables, including the ledger.
        rows: Number of rows of all tables.
        bookmark: Time Travel bookmark of the source from before it was read; empty if an earlier run copied it.
    """

    tables: int
    rows: int
    bookmark: str


def copy_database(source: Database, target: CopyTarget, names: CopyNames, *, retry: Retry | None = None) -> CopyResult:
    """Copy `source` into `target`, unless an interrupted run has done so.

    Args:
        source: The database to read. Nothing is written to it.
        target: An empty database.
        retry: Waits before a request is repeated.

    Raises:
        PlanRefused: The target is not empty. Nothing was written.
        CopyFailed: D1 refused the copy, or the target does not have the rows that were read.
        ConfigError: The rows of a table cannot be read in order.
        OutcomeUnknown: The response to the import was lost, and the target does not show the copy yet.
        ApiError: A database cannot be read.
        SqlError: This SQLite cannot create one of the source's objects.
    """
    retry = retry or Retry()
    now, origin = live.read_database(target, names.ledger), live.read_database(source, names.ledger)
    if is_copy(now, origin):
        logger.info(f"{names.target} is already a copy of {names.source}, made by an interrupted run")
        plan = plan_copy(now.objects)
        return CopyResult(len(plan.storages), sum(count_table_rows(target, plan).values()), "")
    require_empty(now, origin, names)
    with tempfile.TemporaryFile() as file:
        snapshot = write_snapshot(source, names.source, names.ledger, to_file(file))
        for table in snapshot.plan.contentless_tables:
            logger.info(
                f"the FTS5 table {escape_line(table)} does not store its content (content=''): its copy is empty"
            )
        if (size := file.tell()) >= _LARGE_BYTES:
            logger.info(f"importing {size / 1e6:,.0f} MB into {names.target}")
        _import(target, file, names, snapshot.database, retry)
    copied = count_table_rows(target, snapshot.plan)
    if missing := [table for table, number in snapshot.rows.items() if copied.get(table) != number]:
        tables = ", ".join(
            f"{escape_line(name)} ({copied.get(name, 0):,} of {snapshot.rows[name]:,} rows)" for name in missing
        )
        raise CopyFailed(
            f"{names.target} does not have the rows that were read from {names.source}: {tables}. Find out who else "
            "writes to it"
        )
    return CopyResult(len(snapshot.plan.storages), sum(snapshot.rows.values()), snapshot.bookmark)


def is_copy(database: LiveDatabase, source: LiveDatabase) -> bool:
    """Return whether a database is a copy of `source`: its ledger is the beginning of the source's, times included.

    If neither has a ledger, their schemas must be the same. A database with a part of a copy is none.
    """
    if _is_unfinished(database, source):
        return False
    if not database.ledger:
        return bool(database.objects) and not source.ledger and set(database.objects) == set(source.objects)
    same_start = source.ledger[: len(database.ledger)] == database.ledger
    return same_start and all(source.times.get(name) == time for name, time in database.times.items())


def require_empty(target: LiveDatabase, source: LiveDatabase, names: CopyNames) -> None:
    """Refuse to copy into a database that is not empty. A ledger without rows does not count.

    Raises:
        PlanRefused: It is not empty.
    """
    if _is_unfinished(target, source):
        raise PlanRefused(
            f"nothing was copied: the import of {names.source} into {names.target} has begun and not ended. It is "
            "still running, or it died and a part of the rows is there. Run 'pulumi up' again in a minute. If it "
            "reports this again, run 'pulumi destroy' and 'pulumi up' on this stack"
        )
    others = [item for item in target.objects if fold(item.table) != fold(names.ledger)]
    if others or target.ledger:
        content = (
            f"{others[0].type} {escape_line(others[0].name)}" if others else f"ledger {names.ledger}, which has rows"
        )
        raise PlanRefused(
            f"nothing was copied: {names.target} is not empty (it has the {content}). Only a new database can become a "
            f"copy of {names.source}: remove the key copyFrom, or run 'pulumi destroy' on this stack first"
        )


def _is_unfinished(database: LiveDatabase, source: LiveDatabase) -> bool:
    """Return whether a database has the helper table of a copy of `source`."""
    helper = fold(pieces_table_name(item.name for item in source.objects))
    return any(fold(item.name) == helper for item in database.objects)


def _import(target: CopyTarget, file: BinaryIO, names: CopyNames, source: LiveDatabase, retry: Retry) -> None:
    """Import the file. If the response is lost and nothing of it shows for 30 s, import it again, once."""
    for is_last in (False, True):
        try:
            retry.call(lambda: target.import_file(file), on=(NoConnection, TryLater))
        except SqlRefused as error:
            if is_last and is_copy(live.read_database(target, names.ledger), source):
                return  # the first import was late
            message = escape_line(hide_values(str(error), ()))  # the script has the rows
            raise CopyFailed(f"nothing was copied: D1 refused the copy of {names.source}: {message}") from None
        except OutcomeUnknown as error:
            now = live.NEW
            for _ in settle_attempts(retry.sleep):
                now = live.read_database(target, names.ledger)
                if is_copy(now, source):
                    return
            if is_last or isinstance(error, StillRunning) or _is_unfinished(now, source):
                raise OutcomeUnknown(
                    f"{error}; {names.target} does not show the copy of {names.source} yet. The import may still be "
                    "running: run 'pulumi up' again in a minute; it copies only if the database is still empty"
                ) from error
            logger.info(f"{names.target}: the import did not run; sending it again")
        else:
            return
