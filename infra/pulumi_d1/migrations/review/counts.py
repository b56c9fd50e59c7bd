"""Count the live rows that pending migrations concern, in one request. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.migrations.review.effects import find_effects
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.migrations.review.effects import Effect
    from pulumi_d1.migrations.review.rehearsal import Rehearsal

# D1 allows five terms of a compound SELECT and 100 columns, but any number of rows in VALUES.
_SELECT: Final = "SELECT column1 AS place, column2 AS total FROM (VALUES {})"


@dataclass(frozen=True, slots=True)
class CountQuery:
    """The rows to count.

    Attributes:
        filled: Columns that must not be NULL; empty to count every row.
    """

    table: str
    filled: tuple[str, ...] = ()


def count_query(effect: Effect) -> CountQuery:
    """Return the query for the rows that an effect concerns."""
    return CountQuery(effect.live_table, effect.live_columns)


def needed_counts(rehearsal: Rehearsal) -> tuple[CountQuery, ...]:
    """Return what lint needs counted on the live database: each query once, in the order of the files."""
    return tuple(dict.fromkeys(map(count_query, find_effects(rehearsal, each_file_alone=False))))


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
    return {queries[int(row["place"])]: int(row["total"]) for row in rows}


def _count(query: CountQuery) -> str:
    condition = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in query.filled)
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT count(*) FROM {quoted(query.table)}{where}"  # noqa: S608 - names are quoted
