"""Every fault, at every place, on the real engine: each file is applied once, in the same run or by the next one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.support.emulator_process import client, exports, process
from tests.support.reliability import document
from tests.support.reliability.faults import matrix
from tests.support.reliability.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIMES = {1: "once", 2: "twice"}


def test_whatever_is_lost_the_next_up_ends_with_each_file_applied_once(
    tmp_path: Path, engine_environment: Mapping[str, str], *, write: bool
) -> None:
    faults = matrix()
    with process(tmp_path / "emulator") as emulator:
        variables = {**os.environ, **engine_environment, **exports(emulator)}
        with client(variables) as http:
            fleet = Fleet.make(tmp_path, variables, faults, http)
            fleet.arrange(rule for cell, fault in faults.items() for rule in fault.at(cell))
            first = fleet.up()
            in_the_same_run, sent = fleet.settled(), fleet.attempts()
            fleet.arrange()
            second = fleet.up()
            again = fleet.attempts()

            assert second.returncode == 0, second.stdout
            assert fleet.wrong() == []
            assert fleet.settled() == {cell.name for cell in faults}
    assert first.returncode != 0
    assert "Traceback" not in first.stdout + second.stdout
    untold = [
        cell.name
        for cell in faults
        if (f"migration {cell.name}/{cell.struck[0].name} failed: " in first.stdout) == (cell.name in in_the_same_run)
    ]
    assert untold == [], first.stdout
    happened = {
        (fault.text, cell): f"{'same run' if cell.name in in_the_same_run else 'next `up`'}, "
        f"sent {TIMES[sent[cell.name] + again[cell.name]]}"
        for cell, fault in faults.items()
    }
    document.check("faults", document.table("what happens to the write", happened), write=write)
