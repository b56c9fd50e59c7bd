"""The programs of tests/node: where they are, and what to do where they are not installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from tests.support.paths import NODE

_BINARIES: Final = NODE / "node_modules" / ".bin"


def binaries() -> Path:
    """Give the folder of wrangler and its Node.js.

    Without them the test is skipped, or fails where D1_REQUIRE_CLIENTS=1 says that they must be there.
    """
    if not (_BINARIES / "wrangler").exists():
        text = "NOT TESTED WITH THE REAL CLIENTS: tests/node is not installed, run 'make clients'"
        if os.environ.get("D1_REQUIRE_CLIENTS") == "1":
            pytest.fail(text)
        pytest.skip(text)
    return _BINARIES
