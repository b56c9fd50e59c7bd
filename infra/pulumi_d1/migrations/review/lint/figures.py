"""How many rows an effect concerns, in a message and for its severity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.rows import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_d1.migrations.review.effects import Effect
    from pulumi_d1.migrations.review.rows import Count


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of the rows.

    Attributes:
        rows: the numbers; None where no database was asked.
    """

    rows: Mapping[Count, int] | None

    def of(self, effect: Effect) -> int | None:
        """How many rows there are now; None where that is not known."""
        return None if self.rows is None else self.rows.get(count_of(effect))

    def severity(self, effects: Iterable[Effect]) -> Severity:
        """ERROR where there are rows now."""
        return Severity.ERROR if any(self.of(effect) for effect in effects) else Severity.WARNING


def rows(number: int) -> str:
    """A number of rows: `1 row`, `1,204 rows`."""
    return f"{number:,} row{'' if number == 1 else 's'}"
