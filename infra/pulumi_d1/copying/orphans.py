"""Rows whose parent is missing. D1 keeps them, so a copy has them too, and they are named."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ApiError, SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.migrations.live import ReadableDatabase
    from pulumi_d1.sqlite.schema import SchemaObject

logger = logging.getLogger(__name__)

_SELECT: Final = (
    'SELECT "table" AS child, "parent" AS parent, count(*) AS total, CAST(min(rowid) AS TEXT) AS first '
    "FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Orphans:
    """Rows of a table that reference a row of another table which does not exist.

    Attributes:
        rows: Their number.
        rowid: The first one's rowid; empty in a table without rowids.
    """

    table: str
    parent: str
    rows: int
    rowid: str

    def __str__(self) -> str:
        """Return `2 rows of books reference no row of authors (the first has rowid 7)`."""
        return self.without_rowid + (f" (the first has rowid {self.rowid})" if self.rowid else "")

    @property
    def without_rowid(self) -> str:
        """The same without the rowid, which may be a value that a mask hides."""
        one = self.rows == 1
        return escape_line(
            f"{self.rows:,} row{'s' * (not one)} of {self.table} reference{'s' * one} no row of {self.parent}"
        )


def find_orphans(database: ReadableDatabase, objects: Iterable[SchemaObject], name: str) -> tuple[Orphans, ...]:
    """Return the orphans of each table, in one request. A database without foreign keys gets none.

    If D1 cannot check the keys, log why: orphans are copied all the same.
    """
    if not any(item.type == "table" and "references" in fold(item.sql) for item in objects):
        return ()
    try:
        rows = database.read(_SELECT)
    except (ApiError, SqlError) as error:
        logger.info(f"{name}: rows without a parent cannot be named: {escape_line(str(error))}")
        return ()
    return tuple(Orphans(row["child"], row["parent"], row["total"], row["first"] or "") for row in rows)
