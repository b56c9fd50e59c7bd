"""wrangler and a run of ours on one database at once: each file is applied once."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, environment, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from tests.support import installed
from tests.support.runner import TARGET, apply_files, arrange
from tests.support.wrangler import Wrangler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api

LOG = Migration("0000_log.sql", "CREATE TABLE log (file TEXT NOT NULL);")
SMALL = [Migration(f"{number:04}_small.sql", f"INSERT INTO log VALUES ('{number}');") for number in range(1, 31)]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[D1Api]:
    with serving(tmp_path / "emulator") as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        yield Account(client, DEFAULT_ACCOUNT_ID).create(TARGET.name)
        client.pool.clear()


def test_a_run_beside_wranglers_applies_each_file_once(database: D1Api, tmp_path: Path, messages: list[str]) -> None:
    files = [LOG, *SMALL]
    variables = environment(database.client.base_url, DEFAULT_TOKEN, database.account_id)
    worker = Wrangler.of(installed.binaries(), tmp_path, tmp_path, variables)
    worker.write(
        "wrangler.toml",
        f'[[d1_databases]]\nbinding = "DB"\ndatabase_name = "d"\ndatabase_id = "{database.database_id}"\n',
    )
    for file in files:
        worker.write(f"migrations/{file.name}", file.sql)
    # So slow that wrangler, which takes long to start, has applied only some of the files when the run begins.
    arrange(database, latency_ms=30)
    with ThreadPoolExecutor(1) as executor:
        theirs = executor.submit(
            lambda: subprocess.run(
                [worker.program, "d1", "migrations", "apply", "DB", "--remote"],
                cwd=tmp_path,
                env=worker.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,  # it fails on a file that the run applied first
            )
        )
        while len(read_ledger(database, TARGET.table)) < 5:
            assert not theirs.done(), theirs.result()
        report = apply_files(database, files, TARGET, known=())
    assert {*report.ran, *report.by_others} == {file.name for file in files}
    assert len(report.by_others) >= 5
    assert f"{LOG.name} was applied by someone else during this run (1 of 31)" in messages
    rows = database.read("SELECT file FROM log")
    assert sorted(row["file"] for row in rows) == sorted(str(number) for number in range(1, 31))
