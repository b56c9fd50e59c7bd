"""The tables in docs/reliability.md: the results of the tests, between markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.paths import ROOT
from tests.support.reliability.cells import Kind, Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.reliability.cells import Cell

DOCUMENT = ROOT / "docs" / "reliability.md"
COMMAND = "pytest tests/e2e/reliability --write"


def table(corner: str, results: Mapping[tuple[str, Cell], str]) -> str:
    """Return a table with a row for each text and a column for each kind of request that was tried.

    Args:
        corner: The head of the first column.
        results: The result of each text and cell.
    """
    kinds = [kind for kind in Kind if kind in {cell.kind for _, cell in results}]
    entries: dict[tuple[str, str], str] = {}
    for row in dict.fromkeys(text for text, _ in results):
        of_row = {(cell.kind, cell.place): result for (text, cell), result in results.items() if text == row}
        entries |= {(row, kind): _entry(kind, of_row) for kind in kinds}
    return columns(corner, kinds, entries)


def columns(corner: str, names: Sequence[str], results: Mapping[tuple[str, str], str]) -> str:
    """Return a table with a row for each text and these columns.

    Args:
        corner: The head of the first column.
        results: The entry of each text and column.
    """
    rows = dict.fromkeys(text for text, _ in results)
    lines = [(row, *(results.get((row, name), "—") for name in names)) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [(corner, *names), ("---",) * (len(names) + 1), *lines])


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
    """Return the results at the places, or the one result if they are equal."""
    by_place = {place: results[kind, place] for place in Place if (kind, place) in results}
    if len(set(by_place.values())) <= 1:
        return next(iter(by_place.values()), "—")
    return "; ".join(f"{place}: {result}" for place, result in by_place.items())
