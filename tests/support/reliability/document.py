"""The tables in docs/reliability.md: what the tests saw, between markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.paths import ROOT
from tests.support.reliability.cells import Kind, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.reliability.cells import Cell

DOCUMENT = ROOT / "docs" / "reliability.md"
COMMAND = "pytest tests/reliability --write"


def table(corner: str, seen: Mapping[tuple[str, Cell], str]) -> str:
    """A row for each text, a column for each kind of request.

    Args:
        corner: head of the first column.
        seen: what happened, by text and cell.
    """
    rows = dict.fromkeys(text for text, _ in seen)
    lines = [f"| {' | '.join((corner, *Kind))} |", "| --- " * (len(Kind) + 1) + "|"]
    for row in rows:
        found = {(cell.kind, cell.place): what for (text, cell), what in seen.items() if text == row}
        lines.append(f"| {' | '.join((row, *(_entry(kind, found) for kind in Kind)))} |")
    return "\n".join(lines)


def check(name: str, block: str, *, write: bool) -> None:
    """Holds a block against the document, or writes it there."""
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    assert begin in text, f"{DOCUMENT.name} has no {begin}"
    before, _, rest = text.partition(begin)
    old, _, after = rest.partition(end)
    if write:
        DOCUMENT.write_text(f"{before}{begin}\n\n{block}\n\n{end}{after}", encoding="utf-8")
    else:
        assert old.strip() == block, f"{DOCUMENT.name} says otherwise: run '{COMMAND}'"


def _entry(kind: Kind, found: Mapping[tuple[Kind, Place], str]) -> str:
    """What happened at the three places; once, where it is the same."""
    at = {place: found[kind, place] for place in Place if (kind, place) in found}
    if not at:
        return "—"
    if len(set(at.values())) == 1 and len(at) == len(Place):
        return next(iter(at.values()))
    return "; ".join(f"{place}: {at.get(place, 'not run')}" for place in Place)
