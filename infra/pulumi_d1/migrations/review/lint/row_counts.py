"""Row counts of effects, for messages and severities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.counts import count_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_d1.migrations.review.counts import CountQuery
    from pulumi_d1.migrations.review.effects import Effect


@dataclass(frozen=True, slots=True)
class RowCounts:
    """The counted live rows.

    Attributes:
        counts: The numbers; None if no database was read.
    """

    counts: Mapping[CountQuery, int] | None

    def of(self, effect: Effect) -> int | None:
        """Return how many live rows an effect concerns, or None if they were not counted."""
        return None if self.counts is None else self.counts.get(count_query(effect))

    def severity(self, effects: Iterable[Effect]) -> Severity:
        """Return ERROR if any of the effects concerns live rows, otherwise WARNING."""
        return Severity.ERROR if any(self.of(effect) for effect in effects) else Severity.WARNING


def format_rows(number: int) -> str:
    """Return a number with its noun: `1 row`, `1,204 rows`."""
    return f"{number:,} row{'' if number == 1 else 's'}"
