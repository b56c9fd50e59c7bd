"""Time processes, and compare the figures of two contenders that run in turns."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T")

_LAUNCHER: Final = Path(__file__).with_name("launcher.py")
_KIB_PER_MB: Final = 1_000_000 / 1024


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """The cost of one process.

    Attributes:
        seconds: The time from its start to its end.
        peak_mb: The peak memory of the process or of its largest child, in megabytes.
        requests: Its requests to the emulator; 0 if they were not counted.
        code: Its exit code.
    """

    seconds: float
    peak_mb: float
    output: str
    requests: int = 0
    code: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity, measured several times.

    Attributes:
        unit: `s`, `MB` or `/s`.
        values: The values, in the order of the runs.
        requests: The requests of one run to the emulator; None if they do not matter.
    """

    unit: str
    values: tuple[float, ...]
    requests: int | None = None

    @property
    def median(self) -> float:
        """The median of the values."""
        return statistics.median(self.values)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table.

    Attributes:
        theirs: The figure of the other contender, if there is one.
        goal: The figure to reach; empty for none.
        met: True if the goal is reached; None without a goal.
        bound: The limit of our figure, and its cause.
    """

    measure: str
    ours: Figure
    theirs: Figure | None = None
    goal: str = ""
    met: bool | None = None
    bound: str = ""

    @property
    def ratio(self) -> float | None:
        """Our median as a multiple of theirs."""
        return self.ours.median / self.theirs.median if self.theirs else None


def run_process(
    command: Sequence[object], folder: Path, variables: Mapping[str, str], expected_code: int | None = 0
) -> ProcessRun:
    """Run a process to its end. Another exit code than the expected one ends the measurement, with its output.

    Args:
        expected_code: None for any.
    """
    with tempfile.NamedTemporaryFile("r") as result:
        words = [sys.executable, "-S", _LAUNCHER, result.name, *command]
        launcher = subprocess.run(
            list(map(str, words)),
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        cost: dict[str, Any] = json.load(result)
    if expected_code is not None and cost["code"] != expected_code:
        text = launcher.stdout + launcher.stderr
        sys.exit(f"{' '.join(map(str, command))} ended with exit code {cost['code']}:\n{text}")
    return ProcessRun(cost["seconds"], cost["peak_kib"] / _KIB_PER_MB, launcher.stdout, code=cost["code"])


def run_in_turns(runs: int, *contenders: Callable[[], T]) -> tuple[tuple[T, ...], ...]:
    """Return the results of each contender. They run in turns, so that a slow minute affects all of them."""
    rounds = [[contender() for contender in contenders] for _ in range(runs)]
    return tuple(zip(*rounds, strict=True))


def seconds(processes: Iterable[ProcessRun]) -> Figure:
    """Return the times of processes, and the requests of the last one."""
    listed = tuple(processes)
    return Figure("s", tuple(process.seconds for process in listed), listed[-1].requests or None)


def memory(processes: Iterable[ProcessRun]) -> Figure:
    """Return the peak memory of processes."""
    return Figure("MB", tuple(process.peak_mb for process in processes))


def median_printed(processes: Iterable[ProcessRun], key: str) -> float:
    """Return the median of the values that processes printed under `key`, as JSON."""
    return statistics.median(float(json.loads(process.output)[key]) for process in processes)


def time_call(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def compare(  # noqa: PLR0913 - a row, and its limit
    measure: str, ours: Figure, theirs: Figure, bound: str, *, limit: float | None = None, words: str = ""
) -> TableRow:
    """Return a row whose goal is a ratio of at most `limit`, if there is one; `words` describe that ratio."""
    if limit is None:
        return TableRow(measure, ours, theirs, bound=bound)
    goal = f"≤ {limit:g} times" + (f": {words}" if words else "")
    return TableRow(measure, ours, theirs, goal, ours.median <= limit * theirs.median, bound)
