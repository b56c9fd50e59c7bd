"""Run the scripts of tests/node."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx

from tests.support import installed
from tests.support.paths import NODE

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER: Final = NODE
_SECONDS_TO_END: Final = 20


@contextmanager
def running(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script of tests/node with its Node.js in the block. Closing its standard input ends it.

    If they are not installed, the test is skipped, or fails if they are required.

    Args:
        script: Name of the file.
        arguments: Arguments of the script.
    """
    binaries = installed.binaries()
    environment = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen(
        [binaries / "node", _FOLDER / script, *arguments],
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


def post_sql(url: str, sql: str) -> str:
    """Run SQL in the local explorer that `explorer.mjs` serves, and return its answer."""
    return httpx.post(url, json={"sql": sql}, trust_env=False, timeout=30).raise_for_status().text
