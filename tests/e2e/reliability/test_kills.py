"""kill -9 of each of the three processes while nine writes are under way: the next `pulumi up` finishes."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.emulator_process import client, exports, process
from tests.support.reliability import document
from tests.support.reliability.cells import Cell, Kind, Place
from tests.support.reliability.fleet import Fleet
from tests.support.reliability.processes import AVAILABLE, descendants, kill_providers

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

PROVIDER: Final = "the process of the provider; the write runs later"
ENGINE: Final = "the engine; the write runs later"
SERVICE: Final = "the service, which is the emulator here; the write never runs"
SERVICE_AFTER: Final = "the service, which is the emulator here; the write has run"
KILLS: Final = (PROVIDER, ENGINE, SERVICE, SERVICE_AFTER)

LATENCY_SECONDS = 8  # within which all nine writes come to be under way
CELLS = [Cell(f"{kind.name.lower()}-{place}", kind, place) for kind in Kind for place in Place]


@pytest.mark.skipif(not AVAILABLE, reason="finds the provider's process in /proc")
def test_whatever_is_killed_the_next_up_ends_with_each_file_applied_once(
    tmp_path: Path, engine_environment: Mapping[str, str], *, write: bool
) -> None:
    happened: dict[tuple[str, Cell], str] = {}
    for number, text in enumerate(KILLS):
        (folder := tmp_path / str(number)).mkdir()
        in_the_same_run = run(folder, engine_environment, text)
        happened |= {(text, cell): "same run" if cell.name in in_the_same_run else "next `pulumi up`" for cell in CELLS}
    document.check("kills", document.table("`kill -9` during the write of", happened), write=write)


def run(folder: Path, engine_environment: Mapping[str, str], text: str) -> set[str]:
    """One kill, and what a user does next. Gives the cells that the killed run had done."""
    with ExitStack() as ends:
        emulator = ends.enter_context(process(folder / "emulator"))
        variables = {**os.environ, **engine_environment, **exports(emulator)}
        http = ends.enter_context(client(variables))
        # The provider's own patience, so that all nine still wait when the last of them has come.
        fleet = Fleet.make(folder, variables, CELLS, http, IMPATIENT_REQUEST_SECONDS="35")
        when = "after" if text == SERVICE_AFTER else "before"
        wait = {"fault": "latency", "ms": LATENCY_SECONDS * 1000, "when": when}
        fleet.arrange({**cell.write, **wait} for cell in CELLS)
        with fleet.start_up() as up:
            while not all(fleet.attempts().values()) or (text == SERVICE_AFTER and not all(map(fleet.made, CELLS))):
                assert up.poll() is None, up.communicate()
                time.sleep(0.05)
            last = time.monotonic()
            below = descendants(up.pid)
            kill(text, emulator, up, below)
            shown = up.communicate()[0]
        assert up.returncode != 0, shown
        in_the_same_run = fleet.settled()

        if emulator.poll() is not None:
            emulator = ends.enter_context(process(folder / "emulator", "--port", str(http.base_url.port)))
            assert exports(emulator)["CLOUDFLARE_BASE_URL"] == variables["CLOUDFLARE_BASE_URL"]
        if text == ENGINE:
            locked = fleet.up()
            assert "the stack is currently locked" in locked.stdout
            fleet.unlock()
        again = fleet.up()
        assert "pending operations" not in again.stdout
        assert again.returncode == 0, again.stdout
        assert fleet.settled() == {cell.name for cell in CELLS}
        assert fleet.wrong() == []
        time.sleep(max(0.0, last + LATENCY_SECONDS + 1 - time.monotonic()))
        assert fleet.wrong() == [], "also once the killed run's own writes have come"
        kill_providers(below)
    return in_the_same_run


def kill(text: str, emulator: subprocess.Popen[str], up: subprocess.Popen[str], below: list[int]) -> None:
    """Kills what the text says, and waits until it is dead."""
    if text == PROVIDER:
        kill_providers(below)
    else:
        killed = up if text == ENGINE else emulator
        killed.kill()
        killed.wait()
