"""The results of each group: saved as JSON, so that one group can be measured again, and formatted as tables."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from bench.measure import Figure, TableRow
from bench.stage import ROOT
from tools.engine import finder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMATS = {"s": "{:.2f} s", "MB": "{:.0f} MB", "/s": "{:,.0f} /s"}
_MAX_MILLISECONDS = 0.02  # seconds below which milliseconds are shown


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The result of one group.

    Attributes:
        about: The description of the contenders, in Markdown.
        date: The time of the measurement, in UTC.
        notes: What was observed and is no figure, in Markdown; empty for most groups.
    """

    title: str
    about: str
    runs: int
    date: str
    machine: str
    rows: tuple[TableRow, ...]
    notes: str = ""


def new_result(title: str, about: str, runs: int, rows: Sequence[TableRow], notes: str = "") -> GroupResult:
    """Return the result of a measurement that has just ended on this machine."""
    date = datetime.now(UTC).isoformat(" ", "minutes").removesuffix("+00:00")
    return GroupResult(title, about, runs, date, _machine(), tuple(rows), notes)


def save(folder: Path, group: str, result: GroupResult) -> None:
    """Write a result for `load`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{group}.json").write_text(json.dumps(asdict(result), indent=1))


def load(folder: Path, group: str) -> GroupResult | None:
    """Return the last result of a group, or None if there is none."""
    file = folder / f"{group}.json"
    if not file.exists():
        return None
    saved: dict[str, Any] = json.loads(file.read_text())
    return GroupResult(**{**saved, "rows": tuple(map(_row, saved["rows"]))})


def format_section(result: GroupResult) -> str:
    """Return the section of one group, in Markdown."""
    lines = [
        f"### {result.title}\n\n{result.about}\n",
        "| measure | ours | compared | ours / compared | requests | to reach | |",
        "|---|---|---|---|---|---|---|",
        *map(_line, result.rows),
        "\nWhat bounds ours:\n",
        *(f"- {row.measure}: {row.bound}." for row in result.rows if row.bound),
        *([f"\n{result.notes}"] if result.notes else []),
    ]
    runs = f"{result.runs} {'run' if result.runs == 1 else 'runs'} of each, in turns: median (lowest to highest)"
    lines.append(f"\n{runs}. {result.date} UTC, {result.machine}.")
    return "\n".join(lines) + "\n"


def merge_sections(present: str, titles: Sequence[str], sections: Iterable[str]) -> str:
    """Return the sections of a document, the new ones in place of those with the same title.

    Args:
        present: The sections that the document has.
        titles: The titles of all groups, in order.
        sections: The new sections.
    """
    found = {
        section.removeprefix("### ").partition("\n")[0]: section.strip()
        for section in (*re.split(r"^(?=### )", present, flags=re.MULTILINE), *sections)
    }
    return "\n" + "\n\n".join(found[title] for title in titles if title in found) + "\n\n"


def _machine() -> str:
    package = ROOT / "tests" / "node" / "node_modules" / "wrangler" / "package.json"
    engine = finder.find()
    parts = (
        f"{os.cpu_count()} cores, {_processor()}",
        f"Python {platform.python_version()}",
        f"SQLite {apsw.sqlite_lib_version()}",
        f"wrangler {json.loads(package.read_text())['version']}" if package.exists() else "",
        f"Pulumi {engine.version}" if engine else "",
    )
    return ", ".join(part for part in parts if part)


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or f"{platform.machine()} {sys.platform}"


def _line(row: TableRow) -> str:
    ratio = row.ratio
    sent = [str(figure.requests) for figure in (row.ours, row.theirs) if figure and figure.requests is not None]
    cells = (
        row.measure,
        _format_figure(row.ours),
        _format_figure(row.theirs) if row.theirs else "",
        "" if ratio is None else f"{ratio:.2g}" if ratio < 1 else f"{ratio:.2f}",
        " / ".join(sent),
        row.goal,
        "" if row.met is None else "met" if row.met else "**not met**",
    )
    return f"| {' | '.join(cells)} |"


def _format_figure(figure: Figure) -> str:
    def text(value: float) -> str:
        if figure.unit == "s" and figure.median < _MAX_MILLISECONDS:
            return f"{value * 1000:.1f} ms"
        return _FORMATS[figure.unit].format(value)

    return f"{text(figure.median)} ({text(min(figure.values))} to {text(max(figure.values))})"


def _row(saved: dict[str, Any]) -> TableRow:
    return TableRow(**{**saved, "ours": _figure(saved["ours"]), "theirs": _figure(saved["theirs"])})


def _figure(saved: dict[str, Any] | None) -> Any:
    return saved and Figure(**{**saved, "values": tuple(saved["values"])})
