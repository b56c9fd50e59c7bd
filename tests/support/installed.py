"""The programs of tests/node and bench/node. If they are not installed, tests are skipped or fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.paths import NODE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

_BINARIES: Final = NODE / "node_modules" / ".bin"


def binaries() -> Path:
    """Return the folder of wrangler and its Node.js.

    If they are missing, the test is skipped; with D1_REQUIRE_CLIENTS=1 it fails.
    """
    if not (_BINARIES / "wrangler").exists():
        _skip("NOT TESTED WITH THE REAL CLIENTS: tests/node is not installed, run 'make clients'")
    return _BINARIES


def require_peers() -> None:
    """Skip the test if the tools of `python -m bench peers` are missing; with D1_REQUIRE_CLIENTS=1 it fails."""
    if not (ROOT / "bench" / "node" / "node_modules" / ".installed").exists():
        _skip("NOT TESTED WITH THE OTHER TOOLS: bench/node is not installed, run 'make peers'")


def _skip(text: str) -> None:
    if os.environ.get("D1_REQUIRE_CLIENTS") == "1":
        pytest.fail(text)
    pytest.skip(text)
