"""A local database under D1's rules that a script is loaded into. It may be larger than memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import apsw

from pulumi_d1.errors import ConfigError, SqlError
from pulumi_d1.sqlite.execute import Query, transaction
from pulumi_d1.sqlite.sandbox import open_database, trusted
from pulumi_d1.sqlite.statements import statements_of_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_TEMPORARY: Final = ""  # SQLite unlinks the file as soon as it has created it


@dataclass(frozen=True, slots=True)
class LocalDatabase:
    """An open local database."""

    connection: apsw.Connection

    @property
    def size(self) -> int:
        """Its size in bytes."""
        with trusted(self.connection):
            [(pages,)] = self.connection.execute("PRAGMA page_count", can_cache=False)
            [(page_size,)] = self.connection.execute("PRAGMA page_size", can_cache=False)
        return int(pages) * int(page_size)

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        """Return the rows of one statement.

        Raises:
            SqlError: SQLite refuses the statement.
        """
        try:
            cursor = self.connection.execute(sql, can_cache=False)
            # The description is available only while there are rows.
            return tuple(dict(zip((name for name, *_ in cursor.get_description()), row, strict=True)) for row in cursor)
        except apsw.Error as error:
            raise SqlError(str(error)) from error

    def load(self, lines: Iterable[str]) -> None:
        """Run a script as one transaction, without holding it in memory.

        Raises:
            SqlError: D1's rules or SQLite refuse a statement.
        """
        with transaction(self.connection) as run:
            for index, statement in enumerate(statements_of_lines(lines)):
                run(index, Query(statement))


@contextmanager
def opened_alone(path: Path, busy: str) -> Iterator[LocalDatabase]:
    """Open a database file of another program, or create it, while nobody else has it open.

    Args:
        busy: The message of the error if another process has it open.

    Raises:
        ConfigError: Another process has it open.
        SqlError: SQLite cannot read the file.
    """
    try:
        connection = open_database(path)
    except apsw.Error as error:
        raise SqlError(f"{path} cannot be read: {error}") from error
    try:
        with trusted(connection):
            # In this mode the first access takes a lock that no other connection, however idle, may share.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT", can_cache=False).fetchall()
        yield LocalDatabase(connection)
    except apsw.BusyError as error:
        raise ConfigError(busy) from error
    except apsw.Error as error:
        raise SqlError(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()


@contextmanager
def temporary_database() -> Iterator[LocalDatabase]:
    """Create a database on disk that is deleted with the process, however that ends."""
    connection = open_database(_TEMPORARY)
    try:
        with trusted(connection):
            connection.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", can_cache=False).fetchall()
        yield LocalDatabase(connection)
    finally:
        connection.close()
