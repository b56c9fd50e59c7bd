"""After a run that is ended by Ctrl-C or kill -9, the next run continues: each file is applied once."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from tests.support import emulator_process
from tests.support import runner_child as child
from tests.support.faults import arranged
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api

pytestmark = pytest.mark.slow

LOG = Migration("0000_log.sql", "CREATE TABLE log (file TEXT NOT NULL);")
SHARED = [Migration(f"{number:04}_shared.sql", f"INSERT INTO log VALUES ('{number}');") for number in (1, 2, 3)]
ALONE = Migration("0004_alone.sql", "PRAGMA defer_foreign_keys = on;\nINSERT INTO log VALUES ('4');")
IMPORT = Migration(
    "0005_import.sql", "INSERT INTO log VALUES ('5');\nCREATE TRIGGER t AFTER UPDATE ON log BEGIN SELECT 1; END;"
)
LAST = Migration("0006_last.sql", "INSERT INTO log VALUES ('6');")
FILES = [LOG, *SHARED, ALONE, IMPORT, LAST]

KILLS = int(os.environ.get("KILLS", "4"))
KILL_SERVICE = 0.6
"""The share of kills that hit the service too."""

POINTS: dict[str, dict[str, Any]] = {
    "reading the bookmark": {"endpoint": "bookmark"},
    "the first write": {"endpoint": "query", "contains": LOG.name},
    "a write in the middle": {"endpoint": "query", "contains": ALONE.name},
    "the start of an import": {"endpoint": "import", "contains": "init"},
    "an import": {"endpoint": "import", "contains": "ingest"},
    "the last write": {"endpoint": "query", "contains": LAST.name},
    "reading the ledger at the end": {"endpoint": "query", "contains": "UNION ALL"},
}


def seen(database: D1Api) -> int:
    """Return the number of requests that the emulator's fault has selected."""
    return int(arranged(database.client)[0]["seen"])


def run_again(database: D1Api) -> None:
    """Run again at once: the request that the killed run has sent may still be in progress."""
    report = apply_files(database, FILES, TARGET)
    assert list(report.ledger) == [file.name for file in FILES] == list(read_ledger(database, TARGET.table))
    assert sorted(row["file"] for row in database.read("SELECT file FROM log")) == list("123456")


@pytest.mark.thorough
@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_is_killed_within_a_request_is_continued(
    database: D1Api, tmp_path: Path, point: str, when: str, signal_: signal.Signals
) -> None:
    arrange(database, faults=[{"fault": "latency", "ms": 400, "when": when, **POINTS[point]}])
    child.write(tmp_path, FILES)
    with child.start(database, tmp_path) as process:
        while not seen(database):
            assert process.poll() is None, process.communicate()
        process.send_signal(signal_)
        process.communicate()
    assert process.returncode == -signal_
    run_again(database)


@pytest.mark.parametrize("imports", ["transaction", "statements"])
def test_random_kills_of_the_run_and_of_the_service_are_survived(tmp_path: Path, imports: str) -> None:
    dice = random.Random(imports)  # noqa: S311 - chance, not a secret
    (folder := tmp_path / "migrations").mkdir()
    child.write(folder, FILES)
    with ExitStack() as ends:
        options = ("--imports", imports)
        service = ends.enter_context(emulator_process.process(tmp_path / "emulator", *options))
        variables = emulator_process.exports(service)
        client = make_client(variables["CLOUDFLARE_API_TOKEN"], base_url=variables["CLOUDFLARE_BASE_URL"])
        account = Account(client, variables["CLOUDFLARE_ACCOUNT_ID"])
        port = ("--port", str(urlsplit(client.base_url).port))
        for number in range(KILLS // 2):
            database = account.create(f"killed-{number}")
            arrange(database, faults=[{"fault": "latency", "ms": 20, "times": None}])
            with child.start(database, folder) as process:
                requests = dice.randint(1, 20)
                while process.poll() is None and seen(database) < requests:
                    time.sleep(0.01)
                time.sleep(dice.random() / 20)
                if dice.random() < KILL_SERVICE:
                    service.kill()
                    service.wait()
                    service = ends.enter_context(emulator_process.process(tmp_path / "emulator", *options, *port))
                    emulator_process.exports(service)
                process.kill()
                process.communicate()
            run_again(database)


@pytest.mark.parametrize("requests", range(1, 8))
def test_a_run_that_is_killed_at_any_moment_is_continued(database: D1Api, tmp_path: Path, requests: int) -> None:
    arrange(database, faults=[{"fault": "latency", "ms": 5, "times": None}])
    child.write(tmp_path, FILES)
    with child.start(database, tmp_path) as process:
        while seen(database) < requests:
            assert process.poll() is None, process.communicate()
        process.kill()
        process.communicate()
    run_again(database)
