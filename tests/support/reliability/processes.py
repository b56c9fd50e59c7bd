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
    """The processes that `ancestor` has started, theirs included."""
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with suppress(OSError):
                children = [int(number) for number in task.read_text().split()]
                found += children
                waiting += children
    return found


def runs_dynamic_providers(process: int) -> bool:
    """Whether a process is the one in which our providers run."""
    with suppress(OSError):
        return b"pulumi.dynamic" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def kill_providers(processes: Iterable[int]) -> None:
    """Kills those of the processes that are still there and run our providers."""
    for process in filter(runs_dynamic_providers, processes):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
