"""Short files that would run for minutes, or fill the memory, end in one message, and leave no process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.cases.table import HOSTILE
from tests.support.paths import ROOT
from tests.support.reliability.processes import AVAILABLE, of_session, rehearsing, wait_for_end

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli_project import ReviewedDatabase

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not AVAILABLE, reason="finds processes in /proc")]

MAX_MEMORY = 300_000_000
PLACES = {"rec8": "2:1", "fill_200k": "2:1", "recursive_fill_blob": "2:1"}
"""The hostile statement, if it is not the second one of the first line."""


def start(prod: ReviewedDatabase, sql: str, budget: int, *launcher: str) -> subprocess.Popen[str]:
    prod.migrate("CREATE TABLE unused (a); INSERT INTO unused VALUES (1);")
    prod.write("0002_pending.sql", sql)
    prod.configure(rehearsalBudget=budget)
    return subprocess.Popen(
        [*launcher, sys.executable, "-m", "pulumi_d1.cli", "plan", "--stack", "prod"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_one_message(name: str, prod: ReviewedDatabase, tmp_path: Path) -> None:
    # Linux counts the memory of the parent too, and that of pytest grows with the tests.
    launcher = (sys.executable, "-S", str(ROOT / "bench" / "launcher.py"), str(tmp_path / "cost.json"))
    with start(prod, HOSTILE[name], 2, *launcher) as process:
        out, error = process.communicate()
    cost = json.loads((tmp_path / "cost.json").read_text())
    place = f"migrations/0002_pending.sql:{PLACES.get(name, '1:19')}"
    assert f"errors:\n  {place}: D210 INSERT INTO t " in out
    assert "the budget of the rehearsal" in out or "memory than a rehearsal" in out
    assert out.count(": D210 ") == 1
    assert "rehearsed on 1 row (" in out
    assert out.endswith("1 applied, 1 pending, 1 error, 0 warnings\n")
    assert (cost["code"], error) == (1, "")
    assert cost["peak_kib"] * 1024 < MAX_MEMORY
    assert of_session(process.pid) == []


@pytest.mark.parametrize("receiver", ["the command", "the terminal's processes"])
def test_ctrl_c_ends_the_rehearsal_too(receiver: str, prod: ReviewedDatabase) -> None:
    with start(prod, HOSTILE["instr"], budget=600) as process:
        while not rehearsing(process.pid):
            assert process.poll() is None
        send = os.kill if receiver == "the command" else os.killpg
        send(process.pid, signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode != 0
    assert of_session(process.pid) == []
    assert "Traceback" not in out + error


def test_a_rehearsal_ends_if_its_command_is_killed(prod: ReviewedDatabase) -> None:
    with start(prod, HOSTILE["instr"], budget=600) as process:
        while not rehearsing(process.pid):
            assert process.poll() is None
        process.kill()
    for other in of_session(process.pid):  # its end is noticed at once, but by another process
        wait_for_end(other)
    assert of_session(process.pid) == []
