"""A run that ends in the middle, by kill -9 or Ctrl-C, loses nothing, and the next one goes on."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.support.tenants import Tenants

DATABASES = 40


def noted(tenants: Tenants, event: str) -> list[dict[str, Any]]:
    """The journal's whole lines of one kind."""
    text = "".join(path.read_text() for path in tenants.journals)
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return [line for line in lines if line["event"] == event]


def wait_for(tenants: Tenants, results: int, process: subprocess.Popen[str]) -> None:
    while len(noted(tenants, "result")) < results:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@pytest.mark.parametrize("results", [0, 1, 10, 30])
def test_after_a_kill_each_file_is_applied_once_and_what_was_verified_is_not_asked(
    tenants: Tenants, results: int
) -> None:
    tenants.create(DATABASES)
    tenants.write(2)
    tenants.count(latency_ms=20)
    with tenants.start() as process:
        wait_for(tenants, results, process)
        if not results:
            while not noted(tenants, "bookmark"):
                time.sleep(0.01)
        process.kill()
        process.communicate()
    before = {line["id"]: line["bookmark"] for line in reversed(noted(tenants, "bookmark"))}
    verified = len(noted(tenants, "result"))
    assert verified < DATABASES
    tenants.count()
    found = tenants.up()
    left = DATABASES - verified
    assert 1 + left <= found["requests"] == tenants.counted() <= 1 + 5 * left
    assert found["count"] == {"done": DATABASES, "up to date": 0, "failed": 0, "not started": 0}
    # The way back is the one from before the first process wrote, and is told at the end.
    told = {item["id"]: item["bookmark"] for item in found["databases"]}
    assert {key: told[key] for key in before} == before
    assert all(told.values())
    assert tenants.logs() == {("1", "2")}


def test_what_a_killed_run_verified_is_looked_at_again_on_request(tenants: Tenants) -> None:
    tenants.create(DATABASES)
    tenants.count(latency_ms=20)
    with tenants.start() as process:
        wait_for(tenants, 5, process)
        process.kill()
        process.communicate()
    tenants.count()
    assert tenants.up("--fresh")["requests"] >= 1 + DATABASES


def test_after_a_signal_what_is_at_work_finishes_and_the_next_run_goes_on(tenants: Tenants) -> None:
    tenants.create(DATABASES)
    tenants.count(latency_ms=20)
    with tenants.start() as process:
        wait_for(tenants, 5, process)
        process.send_signal(signal.SIGTERM)
        shown, said = process.communicate()
    assert process.returncode == 1, said
    assert "stopping: what is at work finishes first" in said
    found = json.loads(shown)
    assert found["count"]["failed"] == 0
    assert found["count"]["not started"] > 0
    written = {line["id"] for line in noted(tenants, "bookmark")}
    assert written == {item["id"] for item in found["databases"] if item["state"] == "done"}
    tenants.count()
    assert tenants.up()["count"]["done"] == DATABASES
    assert tenants.logs() == {("1",)}
