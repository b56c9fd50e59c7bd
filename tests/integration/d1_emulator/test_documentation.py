"""docs/emulator.md: its examples run, and it lists every option and every fault."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from d1_emulator.command import behaviour_of, emulator
from d1_emulator.faults.rules import FaultKind, FaultRule
from tests.support.emulator_endpoints import DOCUMENT

_TEXT = DOCUMENT.read_text(encoding="utf-8")
_BIN = Path(sys.executable).parent


def _example(name: str) -> str:
    """Return the block of code below a marker."""
    block = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)```", _TEXT, re.DOTALL)
    assert block is not None
    return block[1]


def test_the_example_for_pytest_runs(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(_example("pytest"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "."]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "2 passed" in run.stdout, run.stdout


def test_the_example_for_the_shell_runs_and_prints_the_documented_line(tmp_path: Path) -> None:
    variables = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    command = ["sh", "-c", _example("shell")]
    run = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert f"It prints `{run.stdout.strip()}`." in _TEXT
    assert list(tmp_path.iterdir()) == []


def test_every_option_is_explained() -> None:
    for option in emulator.params:
        assert f"`{option.opts[0]}" in _TEXT, option.opts[0]


@pytest.mark.parametrize("name", [*FaultKind, *FaultRule.__dataclass_fields__])
def test_every_fault_and_every_property_of_a_rule_is_explained(name: str) -> None:
    assert f"`{name}`" in _TEXT


def test_every_fault_in_an_example_is_valid() -> None:
    shown = re.findall(r"d1 emulator .*", _TEXT)
    rules = [rule for line in shown for rule in re.findall(r"--fault '([^']*)'", line)]
    assert len(rules) == len(behaviour_of({"faults": tuple(rules)}).faults) == 3
