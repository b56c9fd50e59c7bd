"""The tables in docs/reliability.md: the results of the tests, between markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.paths import ROOT
from tests.support.reliability.cells import Kind, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.reliability.cells import Cell

DOCUMENT = ROOT / "docs" / "reliability.md"
COMMAND = "pytest tests/e2e/reliability --write"


def table(corner: str, results: Mapping[tuple[str, Cell], str]) -> str:
    """Return a table with a row for each text and a column for each kind of request.

    Args:
        corner: The head of the first column.
        results: The result of each text and cell.
    """
    rows = dict.fromkeys(text for text, _ in results)
    lines = [f"| {' | '.join((corner, *Kind))} |", "| --- " * (len(Kind) + 1) + "|"]
    for row in rows:
        of_row = {(cell.kind, cell.place): result for (text, cell), result in results.items() if text == row}
        lines.append(f"| {' | '.join((row, *(_entry(kind, of_row) for kind in Kind)))} |")
    return "\n".join(lines)


def check(name: str, block: str, *, write: bool) -> None:
    """Compare a block with the document, or write it there."""
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    assert begin in text, f"{DOCUMENT.name} has no {begin}"
    before, _, rest = text.partition(begin)
    old, _, after = rest.partition(end)
    if write:
        DOCUMENT.write_text(f"{before}{begin}\n\n{block}\n\n{end}{after}", encoding="utf-8")
    else:
        assert old.strip() == block, f"{DOCUMENT.name} is outdated: run '{COMMAND}'"


def _entry(kind: Kind, results: Mapping[tuple[Kind, Place], str]) -> str:
    """Return the results at the three places, or the one result if they are equal."""
    by_place = {place: results[kind, place] for place in Place if (kind, place) in results}
    if not by_place:
        return "—"
    if len(set(by_place.values())) == 1 and len(by_place) == len(Place):
        return next(iter(by_place.values()))
    return "; ".join(f"{place}: {by_place.get(place, 'not run')}" for place in Place)
