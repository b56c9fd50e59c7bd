"""The origin of a rehearsal's rows, from the settings to the line of the report. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.escaping import escape_line
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ROWS_PER_MB: Final = 5_000


class RowsMode(StrEnum):
    """The rows that a rehearsal may use."""

    AUTO = "auto"
    """All rows of a database within the limit, otherwise a sample; generated rows without access."""

    LIVE = "live"
    """All rows of the database, whatever its size."""

    SAMPLE = "sample"
    """Some rows of each table."""

    MADE = "made"
    """Generated rows. None is read from the database."""


@dataclass(frozen=True, slots=True)
class RehearsalOptions:
    """Options of the rehearsal.

    Attributes:
        limit_mb: Largest database whose rows are all read, in millions of bytes.
        budget: Longest time of a review.
    """

    rows: RowsMode = RowsMode.AUTO
    limit_mb: int = 10
    budget: timedelta = timedelta(seconds=30)

    @property
    def max_bytes(self) -> int:
        """Largest `file_size` of a database whose rows are all read."""
        return self.limit_mb * 1_000_000

    @property
    def max_rows(self) -> int:
        """Largest number of rows that are read: the daily limit of the free plan counts rows, not bytes."""
        return self.limit_mb * _ROWS_PER_MB

    def as_json(self) -> dict[str, Any]:
        """Return the options as Pulumi's state keeps them."""
        return {"rows": str(self.rows), "limit_mb": self.limit_mb, "budget": self.budget.total_seconds()}


DEFAULT_REHEARSAL: Final = RehearsalOptions()


def rehearsal_from_json(values: Mapping[str, Any]) -> RehearsalOptions:
    """Return the options that `as_json` wrote. An option that is newer than the state has its default."""
    values = {**DEFAULT_REHEARSAL.as_json(), **values}
    return RehearsalOptions(RowsMode(values["rows"]), int(values["limit_mb"]), timedelta(seconds=values["budget"]))


class BasisKind(StrEnum):
    """The rows that a rehearsal had."""

    LIVE = "live"
    SAMPLE = "sample"
    MADE = "made"
    NEW = "new"
    """None, because the database is new."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The rows that a result of a rehearsal is based on.

    Attributes:
        rows: Number of rows in the local copy.
        tables: Number of tables that have rows there.
        rows_read: Number of rows that D1 counted as read.
        unfilled: Tables without rows, because no row that was tried satisfies their constraints.
        unread: Tables without rows, because their rows cannot be read.
        size: Size of the database in bytes; 0 if it is not known.
        live: Names of tables that lose sampled rows, their number of live rows, and whether there are more.
    """

    kind: BasisKind
    rows: int = 0
    tables: int = 0
    rows_read: int = 0
    unfilled: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    size: int = 0
    live: tuple[tuple[str, int, bool], ...] = ()

    @property
    def line(self) -> str:
        """The line of the report. It contains names of tables, but no values."""
        line = f"rehearsed on {self._rows()}"
        if self.rows_read:
            line += f" ({_counted(self.rows_read, 'row')} read)"
        if self.unfilled:
            line += f"; no rows in: {_names(self.unfilled)}, because no generated row satisfies their constraints"
        if self.unread:
            line += f"; no rows in: {_names(self.unread)}, because their rows cannot be read"
        if self.live:
            live = (
                f"{_names([table])} has {'at least ' * more}{_counted(number, 'row')}"
                for table, number, more in self.live
            )
            line += f"; live, {', '.join(live)}"
        return line

    def _rows(self) -> str:
        match self.kind:
            case BasisKind.LIVE:
                return _counted(self.rows, "row")
            case BasisKind.SAMPLE:
                return f"a sample of {_counted(self.rows, 'row')} from {_counted(self.tables, 'table')}"
            case BasisKind.MADE:
                return "generated rows"
            case BasisKind.NEW:
                return "a new database"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _names(tables: Iterable[str]) -> str:
    """Return names for a line: quoted unless they are words, and without line ends and other control characters."""
    return ", ".join(name if name.isidentifier() else escape_line(quoted(name)) for name in tables)
