"""The memory of all processes of a tree counts, and not only that of the largest."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from bench.tree_memory import peak_of_tree

if TYPE_CHECKING:
    from pathlib import Path

CHILD = "import time; kept = bytearray(b'x') * 40_000_000; time.sleep(1)"
PARENT = f"""
import subprocess, sys
for child in [subprocess.Popen([sys.executable, "-c", {CHILD!r}]) for _ in range(2)]:
    child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_children_of_40_mb_are_80_mb(tmp_path: Path) -> None:
    assert 80 < peak_of_tree([sys.executable, "-c", PARENT], tmp_path, os.environ) < 160


def test_a_failure_ends_the_measurement(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ended with exit code 3"):
        peak_of_tree([sys.executable, "-c", "exit(3)"], tmp_path, os.environ)
