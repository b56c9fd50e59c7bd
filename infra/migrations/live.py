"""What a database is now, read in as few requests as there can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.migrations import ledger
from infra.sqlite import schema

if TYPE_CHECKING:
    from infra.cloudflare import Database
    from infra.sqlite.schema import SchemaObject


@dataclass(frozen=True, slots=True)
class Live:
    """A database, without its rows.

    Attributes:
        ledger: names of the applied migrations, oldest first; empty when there is no ledger.
        objects: the schema, the ledger included.
    """

    ledger: tuple[str, ...]
    objects: tuple[SchemaObject, ...]


NEW = Live((), ())
"""A database that is yet to be created."""


def read(database: Database, table: str) -> Live:
    """One request for the schema, and one for the ledger where there is one. Writes nothing.

    Args:
        database: the database.
        table: name of the ledger.

    Raises:
        ApiError: it can't be read.
    """
    objects = schema.objects_from(database.read(schema.SELECT))
    if not any(item.key == ("table", table.lower()) for item in objects):
        return Live((), objects)
    return Live(tuple(row["name"] for row in database.read(ledger.select(table))), objects)
