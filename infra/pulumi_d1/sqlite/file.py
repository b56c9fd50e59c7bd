"""A SQLite file that someone else keeps, read and left as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import apsw

from pulumi_d1.errors import SqlError

if TYPE_CHECKING:
    from pathlib import Path

_BUSY_MILLISECONDS: Final = 5000


@dataclass(frozen=True, slots=True)
class File:
    """A database file.

    Attributes:
        path: of it.
    """

    path: Path

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        """Rows of one statement.

        Raises:
            SqlError: SQLite can't read the file, or refuses the statement.
        """
        # With no log there is nobody who writes, and SQLite would make one to read a database in WAL mode.
        mode = "mode=ro" if self.path.with_name(f"{self.path.name}-wal").exists() else "mode=ro&immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        try:
            connection = apsw.Connection(f"{self.path.resolve().as_uri()}?{mode}", flags=flags)
            try:
                connection.set_busy_timeout(_BUSY_MILLISECONDS)
                cursor = connection.execute(sql)
                # SQLite tells the names while there are rows.
                return tuple(dict(zip(_names(cursor), row, strict=True)) for row in cursor)
            finally:
                connection.close()
        except apsw.Error as error:
            raise SqlError(f"{self.path} can't be read: {error}") from error


def _names(cursor: apsw.Cursor) -> list[str]:
    return [name for name, *_ in cursor.get_description()]
