"""The changed part of a schema as a diagram in the language of Mermaid, which GitHub draws. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.reports.markdown import visible
from pulumi_d1.reports.marked_schema import SIGNS
from pulumi_d1.sqlite.difference import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.reports.marked_schema import MarkedSchema, MarkedTable

LIMIT: Final = 40_000
"""Most characters of a diagram. Mermaid draws none of more than 50,000."""

MOST_TABLES: Final = 20
"""Tables of a diagram. Nobody reads a larger one."""

_MOST_PARTS: Final = 12
_LENGTH: Final = 40
_COLOURS: Final = (
    # GitHub's own, with a text colour, so that they are readable on its dark pages too.
    (ChangeKind.ADDED, "fill:#dafbe1,stroke:#1a7f37,color:#1f2328"),
    (ChangeKind.REMOVED, "fill:#ffebe9,stroke:#cf222e,color:#1f2328"),
    (ChangeKind.CHANGED, "fill:#fff8c5,stroke:#9a6700,color:#1f2328"),
)
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9_ ]")


def drawable(schema: MarkedSchema, most: int) -> MarkedSchema:
    """Return the changed part of a schema, with as many tables as a diagram can have, at most so many."""
    shown = min(most, MOST_TABLES)
    while len(change_diagram(part := schema.changed_part(shown))) > LIMIT and shown > 1:
        shown -= 1
    return part


def change_diagram(schema: MarkedSchema) -> str:
    """Return the tables with their changes, and the foreign keys between them.

    The text is ASCII. Everything in a name that could be syntax is written as an entity.
    """
    return "\n".join(_lines(schema))


def _lines(schema: MarkedSchema) -> Iterator[str]:
    yield "flowchart LR"
    ids = {table.key: f"t{number}" for number, table in enumerate(schema.tables)}
    for table in schema.tables:
        kind = f":::{table.mark or ChangeKind.CHANGED}" if table.has_changes else ""
        yield f'  {ids[table.key]}["{"<br>".join(_label(table))}"]{kind}'
    for item in schema.references:
        sign = f"{_text(SIGNS[item.mark])} " if item.mark else ""
        yield f'  {ids[item.child]} -->|"{sign}{_text(item.column)}"| {ids[item.parent]}'
    yield from (f"  classDef {kind} {style}" for kind, style in _COLOURS)


def _label(table: MarkedTable) -> Iterator[str]:
    sign = f"{_text(SIGNS[table.mark])} " if table.mark else ""
    kind = "" if table.type == "table" else f"{table.type} "
    yield f"<b>{sign}{kind}{_text(table.name)}</b>"
    changed = [part for part in table.parts if part.mark or (table.mark and part.type == "column")]
    for part in changed[:_MOST_PARTS]:
        sign = f"{_text(SIGNS[part.mark])} " if part.mark and not table.mark else ""
        kind = "" if part.type == "column" else f"{part.type} "
        yield f"{sign}{kind}{_text(part.name)} {_text(part.definition)}".rstrip()
    if len(changed) > _MOST_PARTS:
        yield f"and {len(changed) - _MOST_PARTS} more"


def _text(text: str) -> str:
    """Return at most _LENGTH characters of a text, with entities for all that is not a letter, digit or space."""
    shown = visible(text)
    shown = shown if len(shown) <= _LENGTH else f"{shown[: _LENGTH - 1]}\N{HORIZONTAL ELLIPSIS}"
    return _NOT_PLAIN.sub(lambda match: f"#{ord(match[0])};", shown)
