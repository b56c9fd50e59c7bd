"""Read a SQLite file that belongs to another program, without changing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import apsw

from pulumi_d1.errors import SqlError

if TYPE_CHECKING:
    from pathlib import Path

_BUSY_MILLISECONDS: Final = 5000


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A database file."""

    path: Path

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        """Return the rows of one statement.

        Raises:
            SqlError: SQLite cannot read the file, or refuses the statement.
        """
        # Without a WAL file no program is writing. `immutable` keeps SQLite from creating one.
        mode = "mode=ro" if self.path.with_name(f"{self.path.name}-wal").exists() else "mode=ro&immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        try:
            connection = apsw.Connection(f"{self.path.resolve().as_uri()}?{mode}", flags=flags)
            try:
                connection.set_busy_timeout(_BUSY_MILLISECONDS)
                cursor = connection.execute(sql)
                # The description is available only while there are rows.
                return tuple(dict(zip(_names(cursor), row, strict=True)) for row in cursor)
            finally:
                connection.close()
        except (apsw.Error, UnicodeDecodeError) as error:  # SQLite stores any bytes as text
            raise SqlError(f"{self.path} cannot be read: {error}") from error


def _names(cursor: apsw.Cursor) -> list[str]:
    return [name for name, *_ in cursor.get_description()]
