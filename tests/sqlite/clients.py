"""The programs of tests/clients that these tests start: where they are, and what to do where they are not installed."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER: Final = Path(__file__).parents[1] / "clients"
_NODE: Final = _FOLDER / "node_modules" / ".bin" / "node"
_SECONDS_TO_END: Final = 20


def require() -> None:
    """Skip the test where the clients are not installed; fail it where D1_REQUIRE_CLIENTS=1 says that they must be."""
    if _NODE.exists():
        return
    text = "NOT COMPARED WITH THE REAL D1 ENGINE: tests/clients is not installed, run 'make clients'"
    if os.environ.get("D1_REQUIRE_CLIENTS") == "1":
        pytest.fail(text)
    pytest.skip(text)


@contextmanager
def running(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script of tests/clients with its Node.js, until the block is left; its standard input is how it ends.

    Args:
        script: name of the file.
        arguments: of the script.
    """
    environment = os.environ | {"PATH": f"{_NODE.parent}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen(
        [_NODE, _FOLDER / script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
