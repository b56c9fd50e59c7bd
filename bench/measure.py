"""Times processes, and holds what it found: figures of two contenders, measured in turns."""

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
class Process:
    """What one process took.

    Attributes:
        seconds: from its start to its end.
        peak_mb: megabytes of memory that it, or the largest of the processes that it started, held at most.
        printed: on its standard output.
        requests: that it sent to the emulator; 0 where nobody counted.
    """

    seconds: float
    peak_mb: float
    printed: str
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity, measured several times.

    Attributes:
        unit: `s`, `MB` or `/s`.
        values: in the order in which they were measured.
        requests: that one run sent to the emulator; None where it is no matter of requests.
    """

    unit: str
    values: tuple[float, ...]
    requests: int | None = None

    @property
    def median(self) -> float:
        """Of the values."""
        return statistics.median(self.values)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        measure: what was measured, and under which conditions.
        ours: this project's figure.
        theirs: of what it is compared with; None where there is nothing.
        goal: what was to be reached; empty where the figure is there to be seen.
        met: whether it is; None where there is no goal.
        bound: what bounds our figure, and what the limit would be.
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


def ran(command: Sequence[object], folder: Path, variables: Mapping[str, str], code: int = 0) -> Process:
    """Runs a process to its end. One that ends with another exit code ends the measurement, with what it printed."""
    with tempfile.NamedTemporaryFile("r") as result:
        words = [sys.executable, "-S", _LAUNCHER, result.name, *command]
        done = subprocess.run(
            list(map(str, words)),
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, Any] = json.load(result)
    if found["code"] != code:
        sys.exit(f"{' '.join(map(str, command))} ended with {found['code']}:\n{done.stdout}{done.stderr}")
    return Process(found["seconds"], found["peak_kib"] / _KIB_PER_MB, done.stdout)


def in_turns(runs: int, *contenders: Callable[[], T]) -> tuple[tuple[T, ...], ...]:
    """What each contender gave in each of its runs: one after the other, so that a slow minute strikes all of them."""
    rounds = [[contender() for contender in contenders] for _ in range(runs)]
    return tuple(zip(*rounds, strict=True))


def seconds(processes: Iterable[Process]) -> Figure:
    """How long they took, and how many requests the last one sent."""
    listed = tuple(processes)
    return Figure("s", tuple(each.seconds for each in listed), listed[-1].requests or None)


def memory(processes: Iterable[Process]) -> Figure:
    """How much memory they took."""
    return Figure("MB", tuple(each.peak_mb for each in processes))


def printed(processes: Iterable[Process], key: str) -> float:
    """Median of what they printed under `key`, as JSON."""
    return statistics.median(float(json.loads(each.printed)[key]) for each in processes)


def clocked(act: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def compared(  # noqa: PLR0913 - a row, and its limit
    measure: str, ours: Figure, theirs: Figure, bound: str, *, most: float | None = None, words: str = ""
) -> Row:
    """A row whose goal is a ratio.

    Args:
        measure: as in Row.
        ours: as in Row.
        theirs: as in Row.
        bound: as in Row.
        most: the ratio that must not be exceeded; None where there is no goal.
        words: what the ratio means.
    """
    if most is None:
        return Row(measure, ours, theirs, bound=bound)
    goal = f"≤ {most:g} times" + (f": {words}" if words else "")
    return Row(measure, ours, theirs, goal, ours.median <= most * theirs.median, bound)
