"""Processes below another one, found in /proc."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

AVAILABLE = Path("/proc/self/task").exists()


def descendants(ancestor: int) -> list[int]:
    """Return the processes that `ancestor` has started, and those that these have started."""
    processes: list[int] = []
    waiting = [ancestor]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with suppress(OSError):
                children = [int(number) for number in task.read_text().split()]
                processes += children
                waiting += children
    return processes


def runs_dynamic_providers(process: int) -> bool:
    """Return whether our providers run in a process."""
    with suppress(OSError):
        return b"pulumi.dynamic" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def kill_providers(processes: Iterable[int]) -> None:
    """Kill those processes that still exist and run our providers."""
    for process in filter(runs_dynamic_providers, processes):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
