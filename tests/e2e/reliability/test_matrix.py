"""Every fault at every place, on the real engine: each file is applied once, by the same run or the next."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.emulator_process import client, exports, process
from tests.support.reliability import document
from tests.support.reliability.cell_stack import CellStack
from tests.support.reliability.cells import Kind
from tests.support.reliability.faults import matrix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.reliability.cells import Cell
    from tests.support.reliability.faults import Fault

pytestmark = pytest.mark.thorough

TIMES = {1: "once", 2: "twice", 3: "three times"}


def test_after_any_fault_the_next_up_has_applied_each_file_once(
    tmp_path: Path, engine_environment: Mapping[str, str], *, write: bool
) -> None:
    faults = matrix()
    results: dict[tuple[str, Cell], str] = {}
    for imports in ("transaction", "statements"):
        (folder := tmp_path / imports).mkdir()
        hit = {
            cell: fault for cell, fault in faults.items() if (cell.kind is Kind.STATEMENTS) == (imports == "statements")
        }
        results |= strike(folder, engine_environment, hit, imports)
    in_order = {(fault.text, cell): results[fault.text, cell] for cell, fault in faults.items()}
    document.check("faults", document.table("what happens to the write", in_order), write=write)


def strike(
    folder: Path, engine_environment: Mapping[str, str], faults: Mapping[Cell, Fault], imports: str
) -> dict[tuple[str, Cell], str]:
    """Run into all faults at once, run again without any, and return the results.

    Args:
        imports: How the emulator runs an import.
    """
    with process(folder / "emulator", "--imports", imports) as emulator:
        variables = {**os.environ, **engine_environment, **exports(emulator)}
        with client(variables) as http:
            stack = CellStack.make(folder, variables, faults, http)
            stack.arrange(rule for cell, fault in faults.items() for rule in fault.at(cell))
            first = stack.up()
            in_the_same_run, sent = stack.finished(), stack.attempts()
            stack.arrange()
            second = stack.up()
            again = stack.attempts()

            assert second.returncode == 0, second.stdout
            assert stack.finished() == {cell.name for cell in faults}
            while stack.requests_in_progress():
                time.sleep(0.05)
            assert stack.differences() == [], "also after the late writes"
    assert "Traceback" not in first.stdout + second.stdout
    unreported = [
        cell.name
        for cell in faults
        if (f"migration {cell.name}/{cell.struck[0].name} failed: " in first.stdout) == (cell.name in in_the_same_run)
    ]
    assert unreported == [], first.stdout
    return {
        (fault.text, cell): f"{'same run' if cell.name in in_the_same_run else 'next `up`'}, "
        f"sent {TIMES[sent[cell.name] + again[cell.name] - cell.other_attempts]}"
        for cell, fault in faults.items()
    }
