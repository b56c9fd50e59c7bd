"""Estimate what a restore would undo, as far as this can be determined beforehand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.migrations.rehearsal.rehearse import schema_of_files
from pulumi_d1.migrations.review.review import drift_or_reason
from pulumi_d1.migrations.squashes import ledger_after_swaps
from pulumi_d1.sqlite.difference import difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.past.events import HistoryEvent
    from pulumi_d1.sqlite.difference import SchemaChange


@dataclass(frozen=True, slots=True)
class RestoreLoss:
    """The loss of a restore, apart from rows.

    Attributes:
        drift: The changes that no applied file makes. Those from after the bookmark are undone.
        unknown: A line for each part of the loss that cannot be determined.
    """

    files: tuple[HistoryEvent, ...]
    schema: tuple[SchemaChange, ...]
    drift: tuple[SchemaChange, ...]
    unknown: tuple[str, ...]


def estimate_loss(
    undone: Sequence[HistoryEvent], now: LiveDatabase, files: Sequence[Migration], table: str
) -> RestoreLoss:
    """Return the loss of a restore."""
    names = {event.name for event in undone}
    by_name = {file.name: file for file in files}
    applied = [by_name[name] for name in ledger_after_swaps(files, now.ledger) if name in by_name]
    swapped = [file for file in applied if file.name in names and file.squashed]
    kept = [
        file
        for file in applied
        if file.name not in names or (file in swapped and names.isdisjoint(old.name for old in file.squashed))
    ]
    known = {*by_name, *(old.name for file in swapped for old in file.squashed)}
    schema = difference(schema_of_files(applied, table), schema_of_files(kept, table))
    unknown = [f"{name} is not in the folder, so the schema that it creates is unknown" for name in names - known]
    unknown += (
        f"{file.name} took the place of {len(file.squashed)} files: those of them that were applied after that moment "
        "are undone"
        for file in swapped
    )
    drift, reason = drift_or_reason(lambda: files, now, table)
    return RestoreLoss(tuple(undone), schema, drift, (*sorted(unknown), *([reason] if reason else ())))
