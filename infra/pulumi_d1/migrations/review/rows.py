"""How many live rows the pending migrations concern: what to count, and the one request that counts it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.migrations.review.effects import effects
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.migrations.review.effects import Effect
    from pulumi_d1.migrations.review.rehearsal import Rehearsal

# D1 takes five terms of a compound SELECT, and 100 columns; the rows of VALUES are without number.
_SELECT: Final = "SELECT column1 AS place, column2 AS total FROM (VALUES {})"


@dataclass(frozen=True, slots=True)
class Count:
    """A number to ask for.

    Attributes:
        table: whose rows to count.
        filled: columns that must all hold a value; empty to count every row.
    """

    table: str
    filled: tuple[str, ...] = ()


def count_of(effect: Effect) -> Count:
    """How many rows an effect concerns."""
    return Count(effect.live_table, effect.live_columns)


def needed(rehearsal: Rehearsal) -> tuple[Count, ...]:
    """What to count on the live database before its rehearsal can be judged: each once, in the order of the files."""
    return tuple(dict.fromkeys(map(count_of, effects(rehearsal, each_file_alone=False))))


def select(counts: Sequence[Count]) -> str:
    """One statement that counts them, or as many of the first ones as fit into what D1 takes (about 1,500).

    Args:
        counts: at least one.
    """
    values: list[str] = []
    room = MAX_STATEMENT_BYTES - len(_SELECT)
    for place, count in enumerate(counts):
        value = f"({place}, ({_count(count)}))"
        room -= len(value.encode()) + len(", ")
        if room < 0:
            break
        values.append(value)
    return _SELECT.format(", ".join(values))


def counted(counts: Sequence[Count], rows: Iterable[Mapping[str, Any]]) -> dict[Count, int]:
    """The numbers, from the rows that `select` gave; those that did not fit are left out."""
    return {counts[int(row["place"])]: int(row["total"]) for row in rows}


def _count(count: Count) -> str:
    condition = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in count.filled)
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT count(*) FROM {quoted(count.table)}{where}"  # noqa: S608 - names are quoted
