"""D1's limits before they hurt: size, rows written in a day, foreign keys without an index, statistics. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint import rebuilt
from pulumi_d1.migrations.review.lint.finding import format_rows
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import first_word, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal
    from pulumi_d1.sqlite.schema import ForeignKey, SchemaObject

_MOST_KEYS: Final = 5
_NEAR: Final = 0.8
"""The share of the size from which a note warns about it."""

_WORTH_A_NOTE: Final = 0.1
"""The share of the day's rows from which a note has the number."""


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """The limits of a Workers plan.

    Attributes:
        size: Largest size of a database in bytes.
        rows_written: Rows that all databases of the account may write in a day; 0 for no limit.
    """

    name: str
    size: int
    rows_written: int = 0


FREE: Final = PlanLimits("free plan", 500_000_000, 100_000)
PAID: Final = PlanLimits("paid plan", 10_000_000_000)


def plan_limits(retention: timedelta) -> PlanLimits:
    """Return the limits of a stack's plan: only the free one keeps bookmarks for seven days."""
    return FREE if retention <= timedelta(days=7) else PAID


def size_text(size: int, most: int) -> str:
    """Return a size and its limit: `12.3 MB of 500 MB`, `1.2 MB of 10 GB`."""
    limit = f"{most // 10**9} GB" if most >= 10**9 else f"{most // 10**6} MB"
    return f"{size / 10**6:,.1f} MB of {limit}"


def size_note(size: int, limits: PlanLimits) -> tuple[str, ...]:
    """Return a note about a database that is nearly full; none if it is not."""
    if size < _NEAR * limits.size:
        return ()
    text = f"the database has {size_text(size, limits.size)}, the limit of the {limits.name}"
    return (f"{text}. A full database refuses writes: delete rows, or move tables to another database",)


def written_text(rows: int, limits: PlanLimits) -> str:
    """Return the rows that were written today and their limit."""
    return (
        f"all databases of the account have written {rows:,} of {limits.rows_written:,} rows since midnight UTC, the "
        f"limit of the {limits.name}"
    )


def review_notes(rehearsal: Rehearsal | None, retention: timedelta) -> tuple[str, ...]:
    """Return notes about what pending files do to the limits.

    Args:
        retention: How long Cloudflare keeps bookmarks.
    """
    if rehearsal is None or not rehearsal.files:
        return ()
    limits = plan_limits(retention)
    return (
        *size_note(rehearsal.basis.size, limits),
        *_written_note(rehearsal, limits),
        *_new_keys(rehearsal),
        *_lost_indexes(rehearsal),
        *_statistics_notes(rehearsal),
    )


def schema_notes(objects: Iterable[SchemaObject], table: str) -> tuple[str, ...]:
    """Return notes about a live schema; none if the local SQLite cannot create it, which a review reports.

    Args:
        table: The ledger.
    """
    try:
        keys = schema.keys_without_index(schema.build(objects))
    except SqlError:
        return ()
    names = [_key_name(key) for key in keys if fold(key.child) != fold(table)]
    more = f" and {len(names) - _MOST_KEYS:,} more" if len(names) > _MOST_KEYS else ""
    listed = ", ".join(names[:_MOST_KEYS])
    return (f"foreign keys without an index, whose parents are slow to delete from: {listed}{more}",) if names else ()


def _key_name(key: ForeignKey) -> str:
    return f"{key.child} ({', '.join(key.columns)})"


def _new_keys(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield a note about each foreign key without an index that the files add, or whose index they drop."""
    before, after = (
        {(fold(key.child), key.columns): key for key in schema.keys_without_index(schema.build(side.objects.values()))}
        for side in (rehearsal.before, rehearsal.after)
    )
    for place, key in after.items():
        if place not in before:
            yield (
                f"each DELETE and UPDATE of a key in {key.parent} reads all rows of {key.child}: there is no index on "
                f"{_key_name(key)}"
            )


def _lost_indexes(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield a note about each index that a rebuild loses; a UNIQUE one has a finding."""
    for item, (file, _) in rebuilt.lost(rehearsal):
        if item.type == "index" and not item.is_unique_index and item.key in rehearsal.before.objects:
            yield (
                f"{file.migration.name} creates {item.table} again without its index {item.name}: queries that used it "
                "read every row"
            )


def _written_note(rehearsal: Rehearsal, limits: PlanLimits) -> Iterator[str]:
    """Yield the number of rows that the files write, if it is a large part of a day's."""
    if rehearsal.basis.kind is not BasisKind.LIVE or not limits.rows_written:
        return
    written = sum(count.rows for file in rehearsal.files for step in file.steps for count in step.rows)
    if written >= _WORTH_A_NOTE * limits.rows_written:
        yield (
            f"the files write at least {format_rows(written)}, without those of indexes. The {limits.name} allows "
            f"{limits.rows_written:,} a day, and then stops all writes until midnight UTC"
        )


def _statistics_notes(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield a note about each file that adds an index to a live table, and leaves the statistics as they were."""
    for file in rehearsal.files:
        indexed = ""
        for step in file.steps:
            action = step.actions[0] if step.actions else None
            if action and action.verb == "CREATE_INDEX" and fold(action.other) in rehearsal.before.columns:
                indexed = action.name
            elif first_word(step.statement.text) == "pragma" and "optimize" in tokens(step.statement.text):
                indexed = ""
        if indexed:
            yield (
                f"{file.migration.name} creates the index {indexed}: end the file with PRAGMA optimize; it renews the "
                "statistics by which SQLite chooses an index"
            )
