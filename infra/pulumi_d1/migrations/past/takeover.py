"""Read what other migration tools have applied to a database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_d1.errors import InvalidLedger
from pulumi_d1.migrations import live
from pulumi_d1.migrations.ledger_check import table_fault
from pulumi_d1.migrations.other_ledgers import find_other_ledgers, map_rows, replaced_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import LiveDatabase, ReadableDatabase
    from pulumi_d1.migrations.other_ledgers import OtherLedger


@dataclass(frozen=True, slots=True)
class Takeover:
    """The files that other tools have applied.

    Attributes:
        others: The tables in which they list them.
        replaced: The one of `others` that has the name of wrangler's ledger; empty if none has.
        decides: True if a table lists anything, or wrangler's ledger is to take its name.
        names: The files that the rows stand for.
        edited: Those of `names` whose text is no longer the one that the tool applied.
        problems: A line for each row that stands for no file, or for one that has not ended.
    """

    others: tuple[OtherLedger, ...]
    replaced: str
    decides: bool
    names: frozenset[str]
    edited: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables."""
        return tuple(other.table for other in self.others)


def read_takeover(database: ReadableDatabase, table: str, files: Sequence[Migration]) -> tuple[LiveDatabase, Takeover]:
    """Read a database, and the rows of other tools in it. Write nothing.

    If the ledger's name belongs to a table of another tool, the ledger counts as empty.

    Args:
        files: The folder, in order.

    Raises:
        D1Error: It cannot be read; ApiError for D1.
        InvalidLedger: The table is neither a ledger nor a known tool's, or one of its rows names no file.
    """
    now = live.read_despite_faults(database, table)
    replaced = replaced_ledger(now.objects, table) if table_fault(now.objects, table) else None
    if now.fault and not replaced:
        raise InvalidLedger(now.fault)
    others = (*([replaced] if replaced else []), *find_other_ledgers(now.objects, table))
    rows = [database.read(other.select) for other in others]
    mapped = [map_rows(other, rows_of, files) for other, rows_of in zip(others, rows, strict=True)]
    takeover = Takeover(
        others,
        replaced.table if replaced else "",
        any(rows) or replaced is not None,
        frozenset(name for one in mapped for name in one.names),
        tuple(name for one in mapped for name in one.edited),
        tuple(f"{other.table}: {line}" for other, one in zip(others, mapped, strict=True) for line in one.problems),
    )
    return (replace(now, ledger=(), fault="") if replaced else now), takeover
