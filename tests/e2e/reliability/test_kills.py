"""kill -9 of each of the three processes during nine writes: the next `pulumi up` finishes."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.emulator_process import client, exports, process
from tests.support.reliability import document
from tests.support.reliability.cell_stack import CellStack
from tests.support.reliability.cells import Cell, Kind, Place
from tests.support.reliability.processes import AVAILABLE, descendants, kill_providers

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.thorough

PROVIDER: Final = "the provider's process; the write runs later"
ENGINE: Final = "the engine; the write runs later"
SERVICE: Final = "the service, here the emulator; the write never runs"
SERVICE_AFTER: Final = "the service, here the emulator; the write has run"
KILLS: Final = (PROVIDER, ENGINE, SERVICE, SERVICE_AFTER)

LATENCY_SECONDS = 8  # long enough for all nine writes to be in progress at once
KINDS = (Kind.SINGLE, Kind.GROUPED, Kind.IMPORT)
CELLS = [Cell(f"{kind.name.lower()}-{place}", kind, place) for kind in KINDS for place in Place]


@pytest.mark.skipif(not AVAILABLE, reason="finds the provider's process in /proc")
def test_after_any_kill_the_next_up_has_applied_each_file_once(
    tmp_path: Path, engine_environment: Mapping[str, str], *, write: bool
) -> None:
    results: dict[tuple[str, Cell], str] = {}
    for number, text in enumerate(KILLS):
        (folder := tmp_path / str(number)).mkdir()
        in_the_same_run = kill_and_continue(folder, engine_environment, text)
        results |= {(text, cell): "same run" if cell.name in in_the_same_run else "next `pulumi up`" for cell in CELLS}
    document.check("kills", document.table("`kill -9` during the write of", results), write=write)


def kill_and_continue(folder: Path, engine_environment: Mapping[str, str], text: str) -> set[str]:
    """Kill one process, and continue as a user would. Return the cells that the killed run finished."""
    with ExitStack() as ends:
        emulator = ends.enter_context(process(folder / "emulator"))
        variables = {**os.environ, **engine_environment, **exports(emulator)}
        http = ends.enter_context(client(variables))
        # The provider's real timeout, so that all nine writes are still waiting when the last one arrives.
        stack = CellStack.make(folder, variables, CELLS, http, IMPATIENT_REQUEST_SECONDS="35")
        when = "after" if text == SERVICE_AFTER else "before"
        wait = {"fault": "latency", "ms": LATENCY_SECONDS * 1000, "when": when}
        stack.arrange({**cell.write, **wait} for cell in CELLS)
        with stack.start_up() as up:
            while not all(stack.attempts().values()) or (text == SERVICE_AFTER and not all(map(stack.applied, CELLS))):
                assert up.poll() is None, up.communicate()
                time.sleep(0.05)
            below = descendants(up.pid)
            kill(text, emulator, up, below)
            shown = up.communicate()[0]
        assert up.returncode != 0, shown
        in_the_same_run = stack.finished()

        if emulator.poll() is not None:
            emulator = ends.enter_context(process(folder / "emulator", "--port", str(http.base_url.port)))
            assert exports(emulator)["CLOUDFLARE_BASE_URL"] == variables["CLOUDFLARE_BASE_URL"]
        if text == ENGINE:
            locked = stack.up()
            assert "the stack is currently locked" in locked.stdout
            stack.unlock()
        again = stack.up()
        assert "pending operations" not in again.stdout
        assert again.returncode == 0, again.stdout
        assert stack.finished() == {cell.name for cell in CELLS}
        assert stack.differences() == []
        while stack.requests_in_progress():
            time.sleep(0.05)
        assert stack.differences() == [], "also after the killed run's own writes have arrived"
        kill_providers(below)
    return in_the_same_run


def kill(text: str, emulator: subprocess.Popen[str], up: subprocess.Popen[str], below: list[int]) -> None:
    """Kill the process that the text names, and wait until it is gone."""
    if text == PROVIDER:
        kill_providers(below)
    else:
        killed = up if text == ENGINE else emulator
        killed.kill()
        killed.wait()
