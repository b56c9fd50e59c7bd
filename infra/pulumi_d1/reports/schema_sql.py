"""A schema as SQL that creates it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from pulumi_d1.sqlite.schema import Schema, SchemaObject

_ORDER: Final = {"table": 0, "index": 0, "view": 1, "trigger": 2}
"""An object comes after those that it needs. An index stands below its table."""


def schema_sql(schema: Schema) -> str:
    """Return the statements, by name, so that the order in which migrations created the objects does not matter."""
    return "\n".join(f"{item.statement}\n" for item in sorted(schema.objects.values(), key=_place))


def _place(item: SchemaObject) -> tuple[int, str, bool, str]:
    return _ORDER[item.type], fold(item.table), item.type != "table", fold(item.name)
