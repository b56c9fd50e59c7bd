"""The programs of tests/node. If they are not installed, tests are skipped or fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.paths import NODE

if TYPE_CHECKING:
    from pathlib import Path

_BINARIES: Final = NODE / "node_modules" / ".bin"


def binaries() -> Path:
    """Return the folder of wrangler and its Node.js.

    If they are missing, the test is skipped; with D1_REQUIRE_CLIENTS=1 it fails.
    """
    if not (_BINARIES / "wrangler").exists():
        text = "NOT TESTED WITH THE REAL CLIENTS: tests/node is not installed, run 'make clients'"
        if os.environ.get("D1_REQUIRE_CLIENTS") == "1":
            pytest.fail(text)
        pytest.skip(text)
    return _BINARIES
