"""The peak memory of a process and all of its children together, from Linux' /proc."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BETWEEN: Final = 0.02
_KIB_PER_MB: Final = 1_000_000 / 1024


def peak_of_tree(command: Sequence[object], folder: Path, variables: Mapping[str, str]) -> float:
    """Run a process to its end, and return the peak in megabytes. A failure ends the measurement.

    A page that several processes share counts once: each has its part of it, as Linux' PSS. Looking costs time, so this
    run is not timed.
    """
    with subprocess.Popen(
        list(map(str, command)),
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(map(_proportional_kib, _tree(process.pid))))
            time.sleep(_BETWEEN)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with exit code {process.returncode}")
    return peak / _KIB_PER_MB


def _tree(process_id: int) -> Iterator[int]:
    yield process_id
    for thread in Path(f"/proc/{process_id}/task").glob("*"):
        with suppress(OSError):  # it has ended
            for child in (thread / "children").read_text().split():
                yield from _tree(int(child))


def _proportional_kib(process_id: int) -> int:
    with suppress(OSError):  # it has ended
        for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
