"""A run that is killed or interrupted loses nothing, and the next one resumes it."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.support.tenants import Tenants

pytestmark = pytest.mark.slow

DATABASES = 40


def journal_lines(tenants: Tenants, event: str) -> list[dict[str, Any]]:
    """Return the whole lines of the journals for one event."""
    text = "".join(path.read_text() for path in tenants.journals)
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return [line for line in lines if line["event"] == event]


def wait_for(tenants: Tenants, results: int, process: subprocess.Popen[str]) -> None:
    while len(journal_lines(tenants, "result")) < results:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@pytest.mark.parametrize("results", [0, 1, 10, 30])
def test_after_a_kill_each_file_is_applied_once_and_verified_databases_are_skipped(
    tenants: Tenants, results: int
) -> None:
    tenants.create(DATABASES)
    tenants.write(2)
    tenants.count(latency_ms=20)
    with tenants.start() as process:
        wait_for(tenants, results, process)
        if not results:
            while not journal_lines(tenants, "bookmark"):
                time.sleep(0.01)
        process.kill()
        process.communicate()
    before = {line["id"]: line["bookmark"] for line in reversed(journal_lines(tenants, "bookmark"))}
    verified = len(journal_lines(tenants, "result"))
    assert verified < DATABASES
    tenants.count()
    run = tenants.up()
    left = DATABASES - verified
    assert 1 + left <= run["requests"] == tenants.counted() <= 1 + 5 * left
    assert run["count"] == {"done": DATABASES, "up to date": 0, "failed": 0, "not started": 0}
    # The result has the bookmark from before the first process wrote.
    bookmarks = {item["id"]: item["bookmark"] for item in run["databases"]}
    assert {key: bookmarks[key] for key in before} == before
    assert all(bookmarks.values())
    assert tenants.logs() == {("1", "2")}


def test_verified_databases_are_read_again_on_request(tenants: Tenants) -> None:
    tenants.create(DATABASES)
    tenants.count(latency_ms=20)
    with tenants.start() as process:
        wait_for(tenants, 5, process)
        process.kill()
        process.communicate()
    tenants.count()
    assert tenants.up("--fresh")["requests"] >= 1 + DATABASES


def test_after_a_signal_databases_in_progress_finish_and_the_next_run_resumes(tenants: Tenants) -> None:
    tenants.create(DATABASES)
    tenants.count(latency_ms=20)
    with tenants.start() as process:
        wait_for(tenants, 5, process)
        process.send_signal(signal.SIGTERM)
        output, messages = process.communicate()
    assert process.returncode == 1, messages
    assert "stopping: running databases finish first" in messages
    run = json.loads(output)
    assert run["count"]["failed"] == 0
    assert run["count"]["not started"] > 0
    written = {line["id"] for line in journal_lines(tenants, "bookmark")}
    assert written == {item["id"] for item in run["databases"] if item["state"] == "done"}
    tenants.count()
    assert tenants.up()["count"]["done"] == DATABASES
    assert tenants.logs() == {("1",)}
