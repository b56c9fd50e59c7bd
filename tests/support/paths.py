"""Folders of this repository."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = ROOT / "tests" / "support" / "example"
"""A project for tests: they must not read the checkout's own stacks and migrations."""
NODE: Final = ROOT / "tests" / "node"
RECORDED_LEDGERS: Final = ROOT / "tests" / "support" / "recorded_ledgers"
"""Databases that other migration tools made, with their migrations."""
