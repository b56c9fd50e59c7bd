"""Processes below another one, found in /proc."""

from __future__ import annotations

import os
import signal
import subprocess
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


def of_session(session: int) -> list[int]:
    """Return the processes of a session, which survive the process that began it."""
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, *numbers = (folder / "stat").read_text().rpartition(") ")[2].split()
            if int(numbers[2]) == session and state != "Z":
                processes.append(int(folder.name))
    return processes


def rehearsing(session: int) -> bool:
    """Return whether a process of the session runs a statement of a rehearsal: it has used a second of CPU time."""
    for process in of_session(session):
        with suppress(OSError):
            folder = Path(f"/proc/{process}")
            is_worker = b"rehearsal.process" in (folder / "cmdline").read_bytes()
            used = int((folder / "stat").read_text().rpartition(") ")[2].split()[11])
            if is_worker and used > os.sysconf("SC_CLK_TCK"):
                return True
    return False


def wait_for_end(process: int) -> None:
    """Wait until a process that is not a child of this one has ended."""
    command = ["tail", f"--pid={process}", "--follow", os.devnull]
    subprocess.run(command, check=True, timeout=60)
