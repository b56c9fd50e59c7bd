"""Places for the tables of a schema and for the lines between them, in pixels. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size

from pulumi_d1.reports.markdown import visible
from pulumi_d1.reports.marked_schema import SIGNS
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.reports.marked_schema import MarkedPart, MarkedReference, MarkedSchema, MarkedTable
    from pulumi_d1.sqlite.difference import ChangeKind

MOST_TABLES: Final = 60
"""Tables of a picture, changed ones first."""

BOX_WIDTH: Final = 280
ROW: Final = 20
HEADER: Final = 28
_GAP: Final = 28
_COLUMN_GAP: Final = 90
_MARGIN: Final = 12
_LEAST_COLUMNS: Final = 3
_MOST_PARTS: Final = 30
_LETTERS: Final = 34
"""Letters of a row, at the width of a monospaced font of 12 pixels."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line in a table's box.

    Attributes:
        y: Top of the line.
        sign: `+`, `-` or `~`; empty if it is unchanged.
        mark: The kind of the change, as a CSS class; empty if it is unchanged.
        spoken: The line in words, for who cannot see it.
    """

    y: int
    sign: str
    mark: str
    name: str
    definition: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Box:
    """A table's box.

    Attributes:
        mark: The kind of the table's own change, as a CSS class; empty if there is none.
        spoken: The heading in words.
    """

    x: int
    y: int
    height: int
    sign: str
    mark: str
    title: str
    spoken: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A foreign key, as the commands of an SVG path.

    Attributes:
        mark: The kind of its change, as a CSS class; empty if it is unchanged.
    """

    path: str
    mark: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A schema as boxes and lines.

    Attributes:
        left_out: Number of tables that are not shown.
    """

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    left_out: int


def draw(schema: MarkedSchema) -> Picture:
    """Return the picture of a schema: a table stands to the right of those that it references."""
    shown = schema.first(MOST_TABLES)
    boxes: dict[str, Box] = {}
    bottoms: defaultdict[int, int] = defaultdict(lambda: _MARGIN)
    for table, column in _in_order(shown):
        number = (
            column if column is not None else min(range(max(_LEAST_COLUMNS, len(bottoms))), key=bottoms.__getitem__)
        )
        box = _box(table, _MARGIN + number * (BOX_WIDTH + _COLUMN_GAP), bottoms[number])
        boxes[table.key] = box
        bottoms[number] = box.y + box.height + _GAP
    return Picture(
        width=max((box.x + BOX_WIDTH for box in boxes.values()), default=0) + _MARGIN,
        height=max((box.y + box.height for box in boxes.values()), default=0) + _MARGIN,
        boxes=tuple(boxes.values()),
        lines=tuple(_line(item, boxes) for item in shown.references if item.child != item.parent),
        left_out=len(schema.tables) - len(shown.tables),
    )


def _in_order(schema: MarkedSchema) -> Iterable[tuple[MarkedTable, int | None]]:
    """Return the tables with their columns from the left; without one if no foreign key concerns them."""
    parents: defaultdict[str, set[str]] = defaultdict(set)
    for item in schema.references:
        if item.child != item.parent:
            parents[item.child].add(item.parent)
    linked = parents.keys() | {parent for names in parents.values() for parent in names}
    depths = _depths([table.key for table in schema.tables if table.key in linked], parents)
    places: dict[str, int] = {}

    def rank(table: MarkedTable) -> tuple[int, float]:
        return depths[table.key], fmean([places.get(key, 0) for key in parents[table.key]] or [0])

    for depth in sorted(set(depths.values())):
        same = [table for table in schema.tables if depths.get(table.key) == depth]
        for place, table in enumerate(sorted(same, key=rank)):
            places[table.key] = place
            yield table, depth
    yield from ((table, None) for table in schema.tables if table.key not in linked)


def _depths(tables: Sequence[str], parents: Mapping[str, set[str]]) -> dict[str, int]:
    """Return the length of the longest chain of references from each table. One that closes a circle is none."""
    depths: dict[str, int] = {}
    for start in tables:
        stack, open_ = [start], {start}
        while stack:
            table = stack[-1]
            waiting = [key for key in sorted(parents.get(table, ())) if key not in depths and key not in open_]
            if waiting:
                stack.append(waiting[0])
                open_.add(waiting[0])
                continue
            stack.pop()
            open_.discard(table)
            if table not in depths:
                depths[table] = max((depths[key] + 1 for key in parents.get(table, ()) if key in depths), default=0)
    return depths


def _box(table: MarkedTable, x: int, y: int) -> Box:
    parts = table.parts[:_MOST_PARTS]
    rows = [_row(part, y + HEADER + number * ROW) for number, part in enumerate(parts)]
    if more := len(table.parts) - len(parts):
        rows.append(Row(y + HEADER + len(rows) * ROW, "", "", f"and {more} more", "", f"and {more} more"))
    kind = "" if table.type == "table" else f"{table.type} "
    return Box(
        x=x,
        y=y,
        height=HEADER + len(rows) * ROW + (6 if rows else 0),
        sign=SIGNS[table.mark] if table.mark else "",
        mark=table.mark or "",
        title=_cut(f"{kind}{visible(table.name)}", _LETTERS - 4),
        spoken=_spoken(f"{table.type} {table.name}", table.mark),
        rows=tuple(rows),
    )


def _row(part: MarkedPart, y: int) -> Row:
    kind = "" if part.type == "column" else f"{part.type} "
    definition = visible(part.definition).replace(" -> ", " \N{RIGHTWARDS ARROW} ")
    room = _LETTERS - 2
    name = _cut(f"{kind}{visible(part.name)}", max(12, room - cell_len(definition) - 1) if definition else room)
    return Row(
        y=y,
        sign=SIGNS[part.mark] if part.mark else "",
        mark=part.mark or "",
        name=name,
        definition=_cut(definition, room - cell_len(name) - 1),
        spoken=_spoken(f"{kind}{part.name} {part.definition}".strip(), part.mark),
    )


def _spoken(text: str, mark: ChangeKind | None) -> str:
    return f"{mark}: {visible(text)}" if mark else visible(text)


def _cut(text: str, length: int) -> str:
    """Return the start of a text that fits into so many letters; those of Chinese, Japanese and Korean count twice."""
    return text if cell_len(text) <= length else f"{set_cell_size(text, length - 1).rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _line(item: MarkedReference, boxes: Mapping[str, Box]) -> Line:
    child, parent = boxes[item.child], boxes[item.parent]
    row = next((row for row in child.rows if fold(row.name) == fold(item.column)), None)
    start_y = row.y + ROW // 2 if row else child.y + HEADER // 2
    end_y = parent.y + HEADER // 2
    if child.x > parent.x:
        start, end = child.x, parent.x + BOX_WIDTH
        bend = (start - end) // 2 if start - end < 2 * _COLUMN_GAP else _COLUMN_GAP
        path = f"M{start} {start_y}C{start - bend} {start_y} {end + bend} {end_y} {end} {end_y}"
    else:
        start, end = child.x + BOX_WIDTH, parent.x + BOX_WIDTH
        out = max(start, end) + _COLUMN_GAP // 2
        path = f"M{start} {start_y}C{out} {start_y} {out} {end_y} {end} {end_y}"
    return Line(path, item.mark or "")
