"""What a restore would take away, as far as it can be told beforehand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations.review.rehearsal import schema_of_files
from pulumi_d1.migrations.review.review import drift
from pulumi_d1.sqlite.difference import difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.migrations.past.events import Event
    from pulumi_d1.sqlite.difference import SchemaChange


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost beside rows.

    Attributes:
        files: what is applied now and was not then.
        schema: what becomes of the schema without them.
        drift: what no applied file explains: older than the bookmark it stays, newer it goes.
        untold: why schema or drift can't be told, a line each.
    """

    files: tuple[Event, ...]
    schema: tuple[SchemaChange, ...]
    drift: tuple[SchemaChange, ...]
    untold: tuple[str, ...]


def loss(newer: Sequence[Event], now: Live, files: Sequence[Migration], table: str) -> Loss:
    """What is lost with the files that are newer than the bookmark.

    Args:
        newer: as `past` finds them.
        now: the database.
        files: the folder.
        table: name of the ledger.
    """
    names = {event.name for event in newer}
    by_name = {file.name: file for file in files}
    applied = [by_name[name] for name in now.ledger if name in by_name]
    kept = [file for file in applied if file.name not in names]
    schema = difference(schema_of_files(applied, table), schema_of_files(kept, table))
    untold = [f"{name} is not in the folder, so what it made is not known" for name in names - by_name.keys()]
    try:
        unexplained = drift(files, now, table)
    except SqlError as error:
        unexplained, untold = (), [*untold, str(error)]
    return Loss(tuple(newer), schema, unexplained, tuple(sorted(untold)))
