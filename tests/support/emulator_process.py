"""`d1 emulator` as a real process, and clients of it."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Final

import httpx

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COMMAND: Final = (sys.executable, "-m", "pulumi_d1.cli", "emulator")


def line(stream: IO[str] | None) -> str:
    """Read one line of a process."""
    assert stream is not None
    return stream.readline()


@contextmanager
def process(
    state: Path, *options: str, before: tuple[str, ...] = (), **environ: str
) -> Iterator[subprocess.Popen[str]]:
    """Start the command, and kill it at the end if it still runs.

    Args:
        state: The folder of the databases.
        options: Further options of the command.
        before: Words before the command, such as a shell that sets a limit and runs the rest.
        environ: Further variables.
    """
    with subprocess.Popen(
        [*before, *COMMAND, "--port", "0", "--state", str(state), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environ},
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def exports(started: subprocess.Popen[str]) -> dict[str, str]:
    """Return the four variables that the process prints once it serves."""
    words = [shlex.split(line(started.stdout)) for _ in range(4)]
    assert all(export == "export" for export, _ in words)
    return dict(word.split("=", 1) for _, word in words)


def client(variables: Mapping[str, str]) -> httpx.Client:
    """Return a client with the right token; its paths are relative to the account's D1."""
    return httpx.Client(
        base_url=f"{variables['CLOUDFLARE_BASE_URL']}/accounts/{variables['CLOUDFLARE_ACCOUNT_ID']}/d1",
        headers={"Authorization": f"Bearer {variables['CLOUDFLARE_API_TOKEN']}"},
        timeout=60,
    )


def result(answer: httpx.Response) -> Any:
    """Return the result of an answer that must be a success."""
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def import_sql(http: httpx.Client, url: str, sql: str) -> dict[str, Any]:
    """Import a file into the database at `url`, as wrangler does. Returns the last state."""
    content = sql.encode()
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    upload = result(http.post(f"{url}/import", json={"action": "init", "etag": etag}))
    assert http.put(upload["upload_url"], content=content).status_code == 200
    step = {"action": "ingest", "etag": etag, "filename": upload["filename"]}
    state: dict[str, Any] = http.post(f"{url}/import", json=step).json()["result"]
    while state["status"] == "active":
        poll = {"action": "poll", "current_bookmark": state["at_bookmark"]}
        state = http.post(f"{url}/import", json=poll).json()["result"]
    return state


def separating_moment() -> datetime:
    """Return a time after every earlier commit and before every later one. The history has milliseconds."""
    moment = _next_millisecond()
    _next_millisecond()
    return moment


def _next_millisecond() -> datetime:
    start = datetime.now(UTC)
    while (now := datetime.now(UTC)).replace(microsecond=now.microsecond // 1000 * 1000) <= start:
        pass
    return now
