"""The programs of tests/node and bench/node, an S3 server, and Chromium. Without one, tests are skipped or fail."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final, NoReturn

import pytest

from tests.support.paths import NODE, ROOT

_BINARIES: Final = NODE / "node_modules" / ".bin"


def binaries() -> Path:
    """Return the folder of wrangler and its Node.js.

    If they are missing, the test is skipped; with D1_REQUIRE_CLIENTS=1 it fails.
    """
    if not (_BINARIES / "wrangler").exists():
        skip_test("NOT TESTED WITH THE REAL CLIENTS: tests/node is not installed, run 'make clients'")
    return _BINARIES


def require_peers() -> None:
    """Skip the test if the tools of `python -m bench peers` are missing; with D1_REQUIRE_CLIENTS=1 it fails."""
    if not (ROOT / "bench" / "node" / "node_modules" / ".installed").exists():
        skip_test("NOT TESTED WITH THE OTHER TOOLS: bench/node is not installed, run 'make peers'")


def chromium() -> str:
    """Return Chromium. If it is missing, the test is skipped; with D1_REQUIRE_CLIENTS=1 it fails."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        skip_test("NOT TESTED IN A BROWSER: Chromium is not on PATH (Debian: apt install chromium)")
    return found


def s3_server() -> Path:
    """Return the program of the S3 server; skip the test if it is missing, or fail with D1_REQUIRE_CLIENTS=1."""
    program = Path(sys.prefix, "bin", "versitygw")
    if not program.exists():
        skip_test("NOT TESTED WITH AN S3 SERVER: versitygw is not installed, run 'make s3'")
    return program


def skip_test(text: str) -> NoReturn:
    """Skip the test loudly; with D1_REQUIRE_CLIENTS=1, fail it."""
    if os.environ.get("D1_REQUIRE_CLIENTS") == "1":
        pytest.fail(text)
    pytest.skip(text)
