"""The results of each group, kept as JSON, so that one can be measured again alone; and the tables made of them."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from bench.measure import Figure, Row
from bench.stage import ROOT
from tools.engine import finder

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGITS = {"s": "{:.2f} s", "MB": "{:.0f} MB", "/s": "{:,.0f} /s"}
_SMALL = 0.02  # seconds below which milliseconds are shown


@dataclass(frozen=True, slots=True)
class Result:
    """What one group measured.

    Attributes:
        title: of its table.
        about: what was compared; Markdown.
        runs: of each contender.
        date: when, in UTC.
        machine: on what.
        rows: of its table.
    """

    title: str
    about: str
    runs: int
    date: str
    machine: str
    rows: tuple[Row, ...]


def result(title: str, about: str, runs: int, rows: Sequence[Row]) -> Result:
    """What was measured just now, on this machine."""
    date = datetime.now(UTC).isoformat(" ", "minutes").removesuffix("+00:00")
    return Result(title, about, runs, date, machine(), tuple(rows))


def keep(folder: Path, group: str, found: Result) -> None:
    """Writes a result to where `kept` finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{group}.json").write_text(json.dumps(asdict(found), indent=1))


def kept(folder: Path, group: str) -> Result | None:
    """The last result of a group; None where there is none."""
    file = folder / f"{group}.json"
    if not file.exists():
        return None
    found: dict[str, Any] = json.loads(file.read_text())
    return Result(**{**found, "rows": tuple(map(_row, found["rows"]))})


def table(found: Result) -> str:
    """The section of one group, in Markdown."""
    lines = [
        f"### {found.title}\n\n{found.about}\n",
        "| measure | ours | compared | ours / compared | requests | to reach | |",
        "|---|---|---|---|---|---|---|",
        *map(_line, found.rows),
        "\nWhat bounds ours:\n",
        *(f"- {row.measure}: {row.bound}." for row in found.rows if row.bound),
    ]
    runs = f"{found.runs} {'run' if found.runs == 1 else 'runs'} of each, in turns: median (lowest to highest)"
    lines.append(f"\n{runs}. {found.date} UTC, {found.machine}.")
    return "\n".join(lines) + "\n"


def machine() -> str:
    """What the measurements run on."""
    package = ROOT / "tests" / "clients" / "node_modules" / "wrangler" / "package.json"
    engine = finder.find()
    parts = (
        f"{os.cpu_count()} cores, {_model()}",
        f"Python {platform.python_version()}",
        f"SQLite {apsw.sqlite_lib_version()}",
        f"wrangler {json.loads(package.read_text())['version']}" if package.exists() else "",
        f"Pulumi {engine.version}" if engine else "",
    )
    return ", ".join(part for part in parts if part)


def _model() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or f"{platform.machine()} {sys.platform}"


def _line(row: Row) -> str:
    ratio = row.ratio
    sent = [str(figure.requests) for figure in (row.ours, row.theirs) if figure and figure.requests is not None]
    cells = (
        row.measure,
        _shown(row.ours),
        _shown(row.theirs) if row.theirs else "",
        "" if ratio is None else f"{ratio:.2g}" if ratio < 1 else f"{ratio:.2f}",
        " / ".join(sent),
        row.goal,
        "" if row.met is None else "met" if row.met else "**not met**",
    )
    return f"| {' | '.join(cells)} |"


def _shown(figure: Figure) -> str:
    def text(value: float) -> str:
        if figure.unit == "s" and figure.median < _SMALL:
            return f"{value * 1000:.1f} ms"
        return _DIGITS[figure.unit].format(value)

    return f"{text(figure.median)} ({text(min(figure.values))} to {text(max(figure.values))})"


def _row(found: dict[str, Any]) -> Row:
    return Row(**{**found, "ours": _figure(found["ours"]), "theirs": _figure(found["theirs"])})


def _figure(found: dict[str, Any] | None) -> Any:
    return found and Figure(**{**found, "values": tuple(found["values"])})
