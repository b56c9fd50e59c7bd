"""Read a database's ledger and schema in as few requests as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from pulumi_d1.errors import InvalidLedger, SqlError, SqlRefused
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.ledger_check import is_name, row_fault, table_fault
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.sqlite.schema import SchemaObject


UNFINISHED_TABLE: Final = "d1_unfinished_restore"
"""The table that is there only while the contents of a database are being replaced."""

UNFINISHED: Final = (
    f"the database is unfinished: it has the table {UNFINISHED_TABLE}, so 'd1 backup restore' or 'd1 copy' is still "
    "running or was interrupted. Run the same command again: it restores what was there, and starts over"
)


class ReadableDatabase(Protocol):
    """A database that answers a SELECT: D1, or one of wrangler's local files."""

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        """Return the rows of one statement that changes nothing."""


@dataclass(frozen=True, slots=True)
class BegunBatches:
    """A file whose batches have begun and not ended.

    Attributes:
        bookmark: The bookmark from before the first batch.
        time: The time of the first batch by Cloudflare's clock, in UTC and to the second.
    """

    bookmark: str
    time: datetime


@dataclass(frozen=True, slots=True)
class LiveDatabase:
    """A database, without its rows.

    Attributes:
        ledger: The names of the applied migrations, oldest first; empty if there is no ledger.
        objects: The schema, the ledger included.
        times: The time of each migration by Cloudflare's clock, in UTC and to the second, by name. Unreadable times are
            absent.
        fault: Why the ledger cannot be used; empty if it can.
        begun: The files whose batches have begun and not ended, by name.
    """

    ledger: tuple[str, ...]
    objects: tuple[SchemaObject, ...]
    times: Mapping[str, datetime] = field(default_factory=dict)
    fault: str = ""
    begun: Mapping[str, BegunBatches] = field(default_factory=dict)

    @property
    def is_unfinished(self) -> bool:
        """True if its contents are being replaced, or were when that died: a part of them may be missing."""
        return any(item.name == UNFINISHED_TABLE for item in self.objects)


NEW = LiveDatabase((), ())
"""A database that does not exist yet."""


def read_database(database: ReadableDatabase, table: str) -> LiveDatabase:
    """Read a database in one request, or in two if it has no ledger. Write nothing.

    Raises:
        D1Error: It cannot be read; ApiError for D1.
        InvalidLedger: The table is not a ledger, one of its rows names no file, or the database is unfinished.
    """
    now = read_despite_faults(database, table)
    if fault := UNFINISHED if now.is_unfinished else now.fault:
        raise InvalidLedger(fault)
    return now


def read_despite_faults(database: ReadableDatabase, table: str) -> LiveDatabase:
    """Read a database as `read_database` does, but leave out the rows of its ledger that name no file.

    For what must work on a damaged database: restore, export and deletion.

    Raises:
        D1Error: It cannot be read; ApiError for D1.
    """
    try:
        rows = database.read(ledger.select_with_schema(table))
    except (SqlRefused, SqlError):
        return _read_separately(database, table)
    objects = schema.objects_from(row for row in rows if row["type"] is not None)
    return _from_rows([row for row in rows if row["type"] is None], objects, table)


def read_ledger(database: ReadableDatabase, table: str) -> tuple[str, ...]:
    """Return the names in the ledger, oldest first, or an empty tuple if there is no ledger. Write nothing.

    Rows that name no file are left out: they do not show whether a file ran.

    Raises:
        ApiError: It cannot be read.
    """
    try:
        rows = database.read(ledger.select(table))
    except SqlRefused:
        # Most ledgers exist, so most reads take one request. Only a missing ledger counts as empty: if it exists now,
        # someone has just created it, or D1 refused the read for another reason.
        if not database.read(ledger.exists(table)):
            return ()
        rows = database.read(ledger.select(table))
    names = (row["name"] for row in map(_folded, rows) if is_name(row.get("name")))
    return tuple(name for name in names if not ledger.is_begun(name))


def _read_separately(database: ReadableDatabase, table: str) -> LiveDatabase:
    """Read schema and ledger one after the other: there is no ledger, or it is not as wrangler creates it."""
    objects = schema.objects_from(database.read(schema.SELECT))
    fault = table_fault(objects, table)
    if fault or not any(item.key == ("table", fold(table)) for item in objects):
        return LiveDatabase((), objects, fault=fault)
    return _from_rows(database.read(ledger.select(table)), objects, table)


def _from_rows(rows: Sequence[Mapping[str, Any]], objects: tuple[SchemaObject, ...], table: str) -> LiveDatabase:
    """Return the database from the rows of its ledger: those of `select`, or those of `select_with_schema`."""
    cells = [_folded(row) for row in rows]
    fault = table_fault(objects, table) or row_fault(
        [(row.get("id", row.get("place")), row.get("name")) for row in cells], table
    )
    times = {row["name"]: _time(row.get("applied_at")) for row in cells if is_name(row.get("name"))}
    names = tuple(name for name in times if not ledger.is_begun(name))
    known = {name: time for name in times if (time := times[name])}
    bookmarks = {row: ledger.begun_batches(row) for row in known if ledger.is_begun(row)}
    begun = {file: BegunBatches(bookmark, known[row]) for row, (file, bookmark) in bookmarks.items()}
    return LiveDatabase(names, objects, known, fault, begun)


def _folded(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the names of its columns folded: a ledger's may be in capitals."""
    return {fold(column): value for column, value in row.items()}


def _time(applied_at: Any) -> datetime | None:
    """Parse SQLite's CURRENT_TIMESTAMP, which is UTC without an offset. Return None for any other value."""
    try:
        time = datetime.fromisoformat(applied_at)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
