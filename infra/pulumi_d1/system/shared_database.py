"""A database in SQLite or PostgreSQL for several processes. Needs SQLAlchemy, which the extra `fleet` installs.

A lost connection is waited for: the work continues when the server is back.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)
T = TypeVar("T")

_BUSY_MS: Final = 60_000
_POOL: Final = 20


@dataclass(frozen=True, slots=True)
class SharedDatabase:
    """A database. Safe for threads.

    Attributes:
        file: The file of SQLite; None for PostgreSQL.
    """

    engine: sa.Engine
    file: Path | None

    @property
    def url(self) -> str:
        """The URL with its password."""
        return self.engine.url.render_as_string(hide_password=False)

    @property
    def now(self) -> str:
        """SQL of the time in seconds since 1970, by one clock for all processes."""
        return "((julianday('now') - 2440587.5) * 86400.0)" if self.file else "extract(epoch FROM clock_timestamp())"

    def until_connected(self, work: Callable[[], T]) -> T:
        """Return the result of `work`, run again after a lost connection."""
        waited = False
        while True:
            try:
                return work()
            except DBAPIError as error:
                lost = error.connection_invalidated or isinstance(error, OperationalError)
                if not lost or (self.file and "locked" not in str(error.orig)):
                    raise
                if not waited:
                    logger.info(f"the database does not answer; waiting for it: {_reason(error)}")
                waited = True
                time.sleep(1)

    def transaction(self, work: Callable[[sa.Connection], T]) -> T:
        """Return the result of `work`, run in a transaction, and again after a lost connection."""

        def run() -> T:
            with self.engine.begin() as connection:
                return work(connection)

        return self.until_connected(run)

    def execute(self, sql: str, **values: Any) -> list[Any]:
        """Return the rows of a statement that may be repeated."""

        def work(connection: sa.Connection) -> list[Any]:
            result = connection.execute(sa.text(sql), values)
            return list(result) if result.returns_rows else []

        return self.transaction(work)

    def sync(self) -> None:
        """Wait until all that was committed is on disk. SQLite does not wait by itself, which is ten times faster."""
        if self.file:
            with self.file.with_name(f"{self.file.name}-wal").open("rb") as log:
                os.fsync(log.fileno())


def open_database(url: str, file: Path, set_up: Callable[[SharedDatabase], None]) -> SharedDatabase:
    """Open a database, and create what it lacks.

    Args:
        url: The URL of PostgreSQL; empty for SQLite in `file`.
        set_up: Creates the tables that are missing.

    Raises:
        ConfigError: The URL is malformed, or the database cannot be opened.
    """
    database = SharedDatabase(_postgresql(url), None) if url else SharedDatabase(_sqlite(file), file)
    try:
        set_up(database)
    except DBAPIError as error:
        database.engine.dispose()
        where = database.file or database.engine.url.set(query={}).render_as_string(hide_password=True)
        hint = "; move the file away to begin a new one" if database.file else ""
        raise ConfigError(f"the database {where} cannot be opened: {_reason(error)}{hint}") from None
    return database


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
    """Return the first line of the driver's message. It contains no password."""
    return str(error.orig).partition("\n")[0]
