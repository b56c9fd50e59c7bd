"""The database of all runs: DBOS's tables and two of ours, in SQLite or PostgreSQL.

A lost connection is waited for: a run continues when the server is back.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.result import FAILED, RUNNING, SUCCESS, RunCounts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)
T = TypeVar("T")

APPLICATION: Final = "d1-fleet"
SERIALIZER: Final = DBOSPortableJSONSerializer()

_TABLES: Final = (
    (
        "CREATE TABLE IF NOT EXISTS d1_fleet_slots (account TEXT NOT NULL, slot INTEGER NOT NULL, "
        "seconds FLOAT NOT NULL, free_at FLOAT NOT NULL, PRIMARY KEY (account, slot))"
    ),
    "CREATE TABLE IF NOT EXISTS d1_fleet_workers (executor TEXT PRIMARY KEY, seen BIGINT NOT NULL)",
)
_BUSY_MS: Final = 60_000
_POOL: Final = 20
_LOCK: Final = 4160231  # any number, the same in each process: PostgreSQL creates a table twice otherwise


@dataclass(frozen=True, slots=True)
class Store:
    """The database of all runs. Safe for threads.

    Attributes:
        file: The file of SQLite; None for PostgreSQL.
    """

    engine: sa.Engine
    client: DBOSClient
    file: Path | None

    @property
    def now(self) -> str:
        """SQL of the time in seconds since 1970, by one clock for all workers."""
        return "((julianday('now') - 2440587.5) * 86400.0)" if self.file else "extract(epoch FROM clock_timestamp())"

    @property
    def workflows(self) -> str:
        """SQL of DBOS's table of workflows."""
        return "workflow_status" if self.file else "dbos.workflow_status"

    def transaction(self, work: Callable[[sa.Connection], T]) -> T:
        """Return the result of `work`, run in a transaction, and again after a lost connection."""
        waited = False
        while True:
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                lost = error.connection_invalidated or isinstance(error, OperationalError)
                if not lost or (self.file and "locked" not in str(error.orig)):
                    raise
                if not waited:
                    logger.info(f"the fleet's database does not answer; waiting for it: {_reason(error)}")
                waited = True
                time.sleep(1)

    def execute(self, sql: str, **values: Any) -> list[Any]:
        """Return the rows of a statement that may be repeated."""

        def work(connection: sa.Connection) -> list[Any]:
            result = connection.execute(sa.text(sql), values)
            return list(result) if result.returns_rows else []

        return self.transaction(work)

    def status(self, workflow: str) -> str:
        """Return DBOS's status of a workflow."""
        sql = f"SELECT status FROM {self.workflows} WHERE workflow_uuid = :workflow"
        return "".join(row[0] for row in self.execute(sql, workflow=workflow))

    def attributes(self, workflow: str) -> dict[str, str]:
        """Return the attributes of a workflow."""
        sql = f"SELECT CAST(attributes AS TEXT) FROM {self.workflows} WHERE workflow_uuid = :workflow"
        rows = self.execute(sql, workflow=workflow)
        return (json.loads(rows[0][0] or "null") or {}) if rows else {}

    def count(self, run: str) -> RunCounts:
        """Return the numbers of a run's databases."""
        sql = (
            f"SELECT status, CAST(attributes AS TEXT) LIKE '%\"bookmark\"%', count(*) FROM {self.workflows} "
            "WHERE queue_name = :run GROUP BY 1, 2"
        )
        counts = Counter[str]()
        for status, changed, number in self.execute(sql, run=run):
            succeeded = "done" if changed else "up_to_date"
            state = {SUCCESS: succeeded, RUNNING: "running", **dict.fromkeys(FAILED, "failed")}.get(status, "waiting")
            counts[state] += number
        return RunCounts(**counts)

    def sync(self) -> None:
        """Wait until all that was committed is on disk. SQLite does not wait by itself, which is ten times faster."""
        if self.file:
            with self.file.with_name(f"{self.file.name}-wal").open("rb") as log:
                os.fsync(log.fileno())


def open_store(url: str, folder: Path) -> Store:
    """Open the database, and create the tables that are missing.

    Args:
        url: The URL of PostgreSQL; empty for SQLite in `folder`.

    Raises:
        ConfigError: The URL is malformed, or the database cannot be opened.
    """
    file = None if url else folder / "fleet.sqlite"
    engine = _sqlite(file) if file else _postgresql(url)
    try:
        with engine.begin() as connection:
            if not file:
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            for table in _TABLES:
                connection.execute(sa.text(table))
        DBOS.migrate(engine.url.render_as_string(hide_password=False))
    except DBAPIError as error:
        engine.dispose()
        where = file or engine.url.render_as_string(hide_password=True)
        raise ConfigError(f"the fleet's database {where} cannot be opened: {_reason(error)}") from None
    client = DBOSClient(system_database_engine=engine, serializer=SERIALIZER, application_name=APPLICATION)
    return Store(engine, client, file)


def _sqlite(file: Path) -> sa.Engine:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    engine = sa.create_engine(f"sqlite:///{file}", pool_size=_POOL, max_overflow=-1)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"  # two readers that become writers would refuse each other
        for setting in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}")

    return engine


def _postgresql(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() not in {"postgres", "postgresql"}:
            raise ConfigError(f"--database: {parsed.drivername} is not supported: use postgresql://USER@HOST/NAME")
        parsed = parsed.set(drivername="postgresql+psycopg")
        return sa.create_engine(parsed, pool_size=_POOL, max_overflow=-1, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise ConfigError("--database: this is not a URL: use postgresql://USER@HOST/NAME") from None


def _reason(error: DBAPIError) -> str:
    """Return the driver's message in one line. It contains no password."""
    return " ".join(str(error.orig).split())
