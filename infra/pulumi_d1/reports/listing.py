"""The pending files as lines of SQL, with the findings below the lines that they are about. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.statements import normalize_newlines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.review.lint.finding import Finding

_SHORT: Final = 40
"""Lines of a file that is shown as a whole."""

_AROUND: Final = 3
"""Lines that are shown before and after one with a finding."""

MOST_LINES: Final = 400
"""Lines of a file that are shown; its findings are shown even so."""


@dataclass(frozen=True, slots=True)
class MarkedFinding:
    """A finding, and whether it stops the run.

    Attributes:
        level: `error`, `warning` or `note`; a note is one that the file allows.
    """

    level: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A line of a file.

    Attributes:
        number: Its number, from 1.
        skipped: Number of lines before it that are not shown.
    """

    number: int
    text: str
    skipped: int
    findings: tuple[MarkedFinding, ...]


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A pending file.

    Attributes:
        skipped: Number of lines after the last one that is shown.
        errors: Number of findings that stop the run.
    """

    name: str
    lines: tuple[ListedLine, ...]
    skipped: int
    errors: int
    warnings: int


def list_file(migration: Migration, findings: Iterable[MarkedFinding]) -> ListedFile:
    """Return a short file as a whole, and of a longer one the lines around its findings, or its first lines."""
    texts = normalize_newlines(migration.sql).rstrip("\n").split("\n")
    by_line: defaultdict[int, list[MarkedFinding]] = defaultdict(list)
    for item in findings:
        by_line[min(item.finding.line, len(texts))].append(item)
    lines: list[ListedLine] = []
    last = 0
    for number in _shown(len(texts), sorted(by_line)):
        lines.append(ListedLine(number, texts[number - 1].rstrip(), number - last - 1, tuple(by_line[number])))
        last = number
    levels = [item.level for items in by_line.values() for item in items]
    return ListedFile(migration.name, tuple(lines), len(texts) - last, levels.count("error"), levels.count("warning"))


def _shown(length: int, found: Sequence[int]) -> list[int]:
    """Return the numbers of the lines to show."""
    if length <= _SHORT:
        return list(range(1, length + 1))
    around = {number for place in found for number in range(place - _AROUND, place + _AROUND + 1)}
    numbers = sorted(number for number in around if 1 <= number <= length) or list(range(1, _SHORT + 1))
    return sorted({*numbers[:MOST_LINES], *found})
