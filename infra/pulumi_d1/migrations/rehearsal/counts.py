"""Count live rows of several tables in one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import ApiError
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.migrations.live import ReadableDatabase

# D1 allows five terms of a compound SELECT and 100 columns, but any number of rows in VALUES.
_SELECT: Final = "SELECT column1 AS place, column2 AS total FROM (VALUES {})"


@dataclass(frozen=True, slots=True)
class CountQuery:
    """The rows to count.

    Attributes:
        most: Stop at this number, because D1 counts each row as read; 0 to count every row.
    """

    table: str
    most: int = 0


def count_rows(database: ReadableDatabase, queries: Sequence[CountQuery]) -> dict[CountQuery, int]:
    """Return the numbers of one request. Queries that did not fit have none.

    Raises:
        D1Error: The database cannot be read; ApiError for D1.
    """
    return read_counts(queries, database.read(count_sql(queries))) if queries else {}


def count_sql(queries: Sequence[CountQuery]) -> str:
    """Return one statement for the queries, or for as many of the first ones as D1 accepts (about 1,500).

    Args:
        queries: At least one query.
    """
    values: list[str] = []
    room = MAX_STATEMENT_BYTES - len(_SELECT)
    for place, query in enumerate(queries):
        value = f"({place}, ({_count(query)}))"
        room -= len(value.encode()) + len(", ")
        if room < 0:
            break
        values.append(value)
    return _SELECT.format(", ".join(values))


def read_counts(queries: Sequence[CountQuery], rows: Iterable[Mapping[str, Any]]) -> dict[CountQuery, int]:
    """Return the numbers in the result of `count_sql`. Queries that did not fit have none."""
    return {queries[_number(row["place"], len(queries))]: _number(row["total"], 1 << 63) for row in rows}


def _number(value: Any, end: int) -> int:
    """Return a number from 0 to before `end`.

    Raises:
        ApiError: The value is something else.
    """
    if not isinstance(value, int) or not 0 <= value < end:
        raise ApiError("D1 returned a count that is not a number of rows")
    return value


def _count(query: CountQuery) -> str:
    table = quoted(query.table)
    source = f"(SELECT 1 FROM {table} LIMIT {query.most})" if query.most else table  # noqa: S608 - the name is quoted
    return f"SELECT count(*) FROM {source}"  # noqa: S608 - the name is quoted
