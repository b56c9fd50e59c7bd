"""Workers and the database are killed at random. Each file is applied once, in order, and no database is forgotten.

FLEET_DATABASES sets the number of databases, 1000 for a long run.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import postgresql
from tests.support.tenants import COUNTS, HAS_LOG, MATCH

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.support.postgresql import Cluster
    from tests.support.tenants import Tenants

pytestmark = pytest.mark.slow

DATABASES = int(os.environ.get("FLEET_DATABASES", "20"))
RATE, SECONDS, JITTER = 80, 2, 0.5
"""Requests in so many seconds. On a busy machine, a request arrives a little later than it is sent."""
IN_FLIGHT = 4 * 8
"""Requests of three workers and of a killed one, which may all arrive much later, whatever the machine does."""

dice = random.Random()  # noqa: S311 - kills at random are no secret
ALL = {**COUNTS, "done": DATABASES}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with postgresql.serving() as running:
        yield running


@pytest.fixture
def limited(tenants: Tenants) -> Tenants:
    """Tenants whose server refuses everything for an hour if it gets more requests than the rate allows."""
    tenants.create(DATABASES)
    tenants.write(2)
    tenants.write(3)
    limit = {"requests": RATE + IN_FLIGHT, "seconds": SECONDS - JITTER, "block_seconds": 3600}
    tenants.count(rate_limit=limit, latency_ms=20)
    return tenants


def killing(victims: list[Callable[[], None]], stop: threading.Event, seconds: float) -> threading.Thread:
    """Call one of the functions every now and then, until stopped."""

    def kill() -> None:
        while not stop.wait(dice.uniform(seconds / 2, seconds)):
            dice.choice(victims)()

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def check(tenants: Tenants, run: str, bookmarks: int = DATABASES) -> None:
    tenants.count()
    members = tenants.members(run)
    assert len(members) == DATABASES
    assert {tuple(item["applied"]) for item in members} == {("0001_log.sql", "0002_file.sql", "0003_file.sql")}
    assert sum(bool(item["bookmark"]) for item in members) == bookmarks
    assert tenants.logs() == {("1", "2", "3")}


@pytest.mark.thorough
def test_three_workers_and_postgresql_are_killed(
    limited: Tenants, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("D1_FLEET_DATABASE", cluster.url)
    limited.project.environment["D1_FLEET_DATABASE"] = cluster.url
    workers = [limited.start("worker") for _ in range(3)]

    def kill_worker() -> None:
        number = dice.randrange(3)
        workers[number].kill()
        workers[number].communicate()
        workers[number] = limited.start("worker")

    def kill_database() -> None:
        cluster.kill()
        time.sleep(0.5)
        cluster.start()

    started = limited.d1("up", *MATCH, "--yes", "--detach", "--rate", f"{RATE}/{SECONDS}")
    assert started.exit_code == 0, started.output
    run = started.stdout.strip()
    stop = threading.Event()
    killer = killing([kill_worker, kill_worker, kill_database], stop, 6)
    try:
        time.sleep(DATABASES * 5 * SECONDS / RATE + 4)
        stop.set()
        killer.join()
        status = limited.fleet("status", run, "--watch")
    finally:
        stop.set()
        killer.join()
        for worker in workers:
            worker.kill()
            worker.communicate()
    assert (status["state"], status["count"]) == ("ended", ALL)
    check(limited, run)


def test_the_one_worker_of_sqlite_is_killed_and_the_same_command_continues(limited: Tenants) -> None:
    processes: list[subprocess.Popen[str]] = []
    output = messages = ""

    def kill_worker() -> None:
        processes[-1].kill()

    stop = threading.Event()
    killer = killing([kill_worker], stop, 8)
    try:
        for attempt in range(100):
            if attempt == 3 + DATABASES // 50:
                stop.set()
            processes.append(limited.start("up", *MATCH, "--yes", "--rate", f"{RATE}/{SECONDS}"))
            output, messages = processes[-1].communicate()
            if processes[-1].returncode != -signal.SIGKILL:
                break
    finally:
        stop.set()
        killer.join()
    assert processes[-1].returncode == 0, output + messages
    *later, run = limited.d1("history").stdout.splitlines()
    assert f"ended: {DATABASES:,} done, 0 up to date, 0 failed" in run
    # If the last kill came after the end of the run, the same command began a new one.
    assert all(f"ended: 0 done, {DATABASES:,} up to date, 0 failed" in line for line in later)
    check(limited, run.split()[0])


@pytest.mark.thorough
def test_after_a_signal_databases_in_progress_finish_and_the_same_command_continues(tenants: Tenants) -> None:
    tenants.create(20)
    tenants.count(latency_ms=100)
    with tenants.start("up", *MATCH, "--yes", "--concurrency", "1") as process:
        first = tenants.database(0)
        while not first.read(HAS_LOG):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, messages = process.communicate()
    assert process.returncode == 1, messages
    assert re.match(r"run (\S+) interrupted\n(.+\n)+continue    d1 fleet retry \1\n$", output), output
    assert "stopping: databases in progress finish first" in messages
    counts = tenants.fleet("status", code=1)["count"]
    assert 0 < counts["done"] < 20
    assert counts["failed"] == 0
    tenants.count()
    assert "continuing run" in (again := tenants.up("--concurrency", "1"))["stderr"]
    assert again["count"] == {**COUNTS, "done": 20}
    assert tenants.logs() == {("1",)}


@pytest.mark.thorough
def test_a_cancelled_deletion_deletes_no_other_database(tenants: Tenants) -> None:
    tenants.create(20)
    tenants.count(latency_ms=300)
    with tenants.start("delete", *MATCH, "--yes") as process:
        while not re.search("delete: .* [1-9] running", tenants.d1("status").stdout):
            assert process.poll() is None, process.communicate()
        assert tenants.d1("cancel").exit_code == 0
        assert process.wait() == 1
    tenants.count()
    left = len(list(tenants.account.databases()))
    counts = tenants.fleet("status", code=1)["count"]
    assert 0 < left < 20
    assert (counts["done"], counts["waiting"]) == (20 - left, left)
    assert tenants.fleet("retry", "--yes")["count"]["done"] == 20


@pytest.mark.thorough
def test_a_run_that_was_killed_with_all_its_databases_in_progress_is_cancelled_and_continued(tenants: Tenants) -> None:
    tenants.create(3)
    tenants.count(latency_ms=1000)
    with tenants.start("up", *MATCH, "--yes", "--canary", "0") as process:
        while "3 running, 0 waiting" not in tenants.d1("status").stdout:
            assert process.poll() is None, process.communicate()
        process.kill()
    tenants.count()
    assert tenants.d1("cancel").exit_code == 0
    assert tenants.fleet("retry", "--yes")["count"] == {**COUNTS, "done": 3}
    assert tenants.logs() == {("1",)}


@pytest.mark.thorough
def test_a_restore_that_was_killed_is_joined_by_the_same_command_after_an_edit(tenants: Tenants) -> None:
    tenants.create(12)
    first = tenants.up()["run"]
    arguments = ("restore", "--run", first, "--yes")
    tenants.count(latency_ms=300)
    with tenants.start(*arguments) as process:
        while not re.search("restore: [1-9]", tenants.d1("status").stdout):
            assert process.poll() is None, process.communicate()
        process.kill()
    tenants.count()
    tenants.write(2)
    again = tenants.d1(*arguments, "--json")
    assert "continuing run" in again.stderr
    # One whose answer was lost is restored, but fails: to repeat it could lose rows.
    run = json.loads(again.stdout)
    assert run["count"]["done"] + run["count"]["failed"] == 12
    assert not tenants.logs_of_some()
