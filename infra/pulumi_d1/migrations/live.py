"""What a database is now, read in as few requests as there can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_d1.errors import SqlError, SqlRefused
from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.sqlite.schema import SchemaObject


class Source(Protocol):
    """Whatever answers a SELECT: D1, or a file of wrangler's."""

    def read(self, sql: str) -> tuple[dict[str, Any], ...]:
        """Rows of one statement that changes nothing."""


@dataclass(frozen=True, slots=True)
class Live:
    """A database, without its rows.

    Attributes:
        ledger: names of the applied migrations, oldest first; empty when there is no ledger.
        objects: the schema, the ledger included.
        times: when each migration was applied by Cloudflare's clock, in UTC and to the second, by name; a row whose
            time can't be read is left out.
    """

    ledger: tuple[str, ...]
    objects: tuple[SchemaObject, ...]
    times: Mapping[str, datetime] = field(default_factory=dict)


NEW = Live((), ())
"""A database that is yet to be created."""


def read(database: Source, table: str) -> Live:
    """One request where there is a ledger, as there mostly is, and two where there is none. Writes nothing.

    Args:
        database: the database.
        table: name of the ledger.

    Raises:
        D1Error: it can't be read; of D1, the ApiError.
    """
    try:
        found = database.read(ledger.select_with_schema(table))
    except (SqlRefused, SqlError):
        return _read_apart(database, table)
    return _live([row for row in found if row["type"] is None], schema.objects_from(r for r in found if r["type"]))


def _read_apart(database: Source, table: str) -> Live:
    """Schema and ledger where they can't be had together: there is no ledger, or it is not as wrangler makes it."""
    objects = schema.objects_from(database.read(schema.SELECT))
    if not any(item.key == ("table", table.lower()) for item in objects):
        return Live((), objects)
    return _live(database.read(ledger.select(table)), objects)


def _live(rows: Sequence[Mapping[str, Any]], objects: tuple[SchemaObject, ...]) -> Live:
    names = tuple(row["name"] for row in rows)
    times = zip(names, (_time(row.get("applied_at")) for row in rows), strict=True)
    return Live(names, objects, {name: time for name, time in times if time})


def _time(applied_at: Any) -> datetime | None:
    """CURRENT_TIMESTAMP as SQLite writes it: UTC, without saying so. Whatever else stands there tells nothing."""
    try:
        found = datetime.fromisoformat(applied_at)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
