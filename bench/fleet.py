"""Many databases migrated by one small file each: `d1 fleet up` over 1,000, against a loop of wrangler over ten.

Run as `python -m bench.fleet`. Both meet the same emulator, in turns, without and with 50 ms of latency a request.
wrangler (`make clients`) is started once for each database, as a loop in a shell does it, and takes as long for each:
the last column multiplies. Cloudflare's limit on requests is left out of both; docs/scale.md has what it costs.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, environment, serving
from infra.cloudflare.account import Account
from infra.cloudflare.client import make_client
from tests.clients import installed
from tests.clients.wrangler import Wrangler
from tests.faults import arrange, arranged

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.cloudflare.client import Client

ROOT = Path(__file__).parents[1]
RUNS = 5
DATABASES, SAMPLE = 1000, 10
LATENCIES_MS = (0, 50)
CONCURRENCY = 8
UNLIMITED = "1000000/1"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: the command.
        latency_ms: of each request.
        databases: that it migrated.
        seconds: median of the runs.
        requests: of one run.
    """

    what: str
    latency_ms: int
    databases: int
    seconds: float
    requests: int

    @property
    def each_ms(self) -> float:
        """Milliseconds for a database."""
        return self.seconds / self.databases * 1000


def main() -> list[Row]:
    """Measures, prints the table, and returns it."""
    rows = []
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "emulator") as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        ours, theirs = _fleet(Path(name), address.base_url, client), _loop(Path(name), address.base_url, client)
        for latency in LATENCIES_MS:
            measured: dict[str, list[tuple[float, int]]] = {"ours": [], "theirs": []}
            for _ in range(RUNS):
                measured["ours"].append(_timed(client, latency, ours))
                measured["theirs"].append(_timed(client, latency, theirs))
            for what, runs, databases in (
                (f"d1 fleet up --concurrency {CONCURRENCY}", measured["ours"], DATABASES),
                ("wrangler d1 migrations apply --remote, in a loop", measured["theirs"], SAMPLE),
            ):
                seconds = statistics.median(run[0] for run in runs)
                rows.append(Row(what, latency, databases, seconds, runs[-1][1]))
    print("| | latency | databases | median | requests | each | for 1,000 |\n|---|---|---|---|---|---|---|")
    for row in rows:
        total = row.each_ms * DATABASES / 1000
        print(
            f"| `{row.what}` | {row.latency_ms} ms | {row.databases:,} | {row.seconds:.1f} s | {row.requests:,} "
            f"| {row.each_ms:.1f} ms | {total:,.0f} s |"
        )
    print(f"\n{RUNS} runs of each in turns. wrangler's 1,000 are ten, times 100.")
    return rows


def _timed(client: Client, latency: int, run: Callable[[], None]) -> tuple[float, int]:
    """Seconds and requests of a run."""
    arrange(client, latency_ms=latency, faults=[{"fault": "latency", "ms": 0, "times": None}])
    started = time.perf_counter()
    run()
    seconds = time.perf_counter() - started
    requests = int(arranged(client)[0]["seen"])
    arrange(client)
    return seconds, requests


def _next_file(folder: Path) -> None:
    number = len(list(folder.iterdir())) + 1
    (folder / f"{number:04}_t.sql").write_text(
        f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n"
    )


def _fleet(parent: Path, base_url: str, client: Client) -> Callable[[], None]:
    """Databases that are up to date, and what gives them another file and applies it."""
    account = Account(client, DEFAULT_ACCOUNT_ID)
    for number in range(DATABASES):
        account.create(f"ours-{number:04}")
    folder = parent / "ours"
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    variables = {**os.environ, **environment(base_url, DEFAULT_TOKEN)}
    command = [sys.executable, "-m", "infra.cli", "fleet", "up", "--match", "ours-*", "--yes", "--rate", UNLIMITED]

    def migrate() -> None:
        done = subprocess.run(
            [*command, "--concurrency", str(CONCURRENCY)],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(done.stdout + done.stderr)

    def run() -> None:
        _next_file(folder / "migrations")
        migrate()

    migrate()
    return run


def _loop(parent: Path, base_url: str, client: Client) -> Callable[[], None]:
    """The same for wrangler."""
    account = Account(client, DEFAULT_ACCOUNT_ID)
    folder = parent / "theirs"
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    names = [f"theirs-{number:04}" for number in range(SAMPLE)]
    entries = [
        {"binding": f"DB{number}", "database_name": name, "database_id": account.create(name).database_id}
        for number, name in enumerate(names)
    ]
    (folder / "wrangler.json").write_text(json.dumps({"name": "fleet", "d1_databases": entries}))
    wrangler = Wrangler.of(installed.binaries(), folder, parent, environment(base_url, DEFAULT_TOKEN))

    def migrate() -> None:
        for name in names:
            wrangler.run("d1", "migrations", "apply", name, "--remote")

    def run() -> None:
        _next_file(folder / "migrations")
        migrate()

    migrate()
    return run


if __name__ == "__main__":
    main()
