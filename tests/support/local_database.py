"""A local SQLite database that answers as the Database of a D1 database does. It only reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_d1.cloudflare.database import QueryResult, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

_SIZE = 4_096


@dataclass(frozen=True, slots=True)
class LocalDatabase:
    """A connection with the methods that read."""

    connection: apsw.Connection

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        """Return the rows of one statement."""
        [result] = self.query([sql])
        return result.rows

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        """Return the results of statements."""
        return tuple(map(self._run, statements))

    def _run(self, sql: str) -> QueryResult:
        cursor = self.connection.cursor()
        rows: list[Row] = []
        for row in cursor.execute(sql):
            names = [name for name, *_ in cursor.get_description()]
            rows.append(Row(zip(names, row, strict=True)))
        return QueryResult(tuple(rows), len(rows), _SIZE)
