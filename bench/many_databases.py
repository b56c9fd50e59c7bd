"""Many databases with one small file each: `d1 fleet up`, against a loop of wrangler over some of them."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, ProcessRun, TableRow, compare, run_in_turns, run_process
from bench.stage import ROOT, small_files, write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.stage import Stage

TITLE = "Many databases"
ABOUT = """\
Time for one database: `d1 fleet up` over all of them, divided by their number, against one start of wrangler for each
of ten, as in a shell's loop. All databases are migrated already, and get one more file. Cloudflare's limit on requests
is left out of both; [scale.md](scale.md) has its cost."""

_UNLIMITED: Final = "1000000/1"
_CONCURRENCY: Final = 8
logger = logging.getLogger(__name__)


def measure(
    stage: Stage, runs: int, *, databases: int = 1000, sample: int = 10, latencies_ms: tuple[int, ...] = (0, 50)
) -> list[TableRow]:
    """Measure all databases with `d1 fleet up`, and a sample with wrangler, at each latency of a request."""
    logger.info(f"creating {databases} databases")
    ours, theirs = _fleet(stage, databases), _loop(stage, sample)
    rows = []
    for latency in latencies_ms:
        logger.info(f"{latency} ms a request")
        counted = (partial(stage.run_counted, ours, latency), partial(stage.run_counted, theirs, latency))
        fleet, loop = run_in_turns(runs, *counted)
        total = Figure("s", tuple(run.seconds for run in fleet)).median
        waiting = f"{fleet[0].requests / databases:.1f} requests for each, {_CONCURRENCY} databases at once"
        row = compare(
            f"a database of {databases:,}, {latency} ms a request",
            Figure("s", tuple(run.seconds / databases for run in fleet)),
            Figure("s", tuple(run.seconds / sample for run in loop)),
            f"{total:.1f} s for all: {waiting}; Python's one core, and the emulator's",
        )
        rows.append(row)
    return rows


def _fleet(stage: Stage, count: int) -> Callable[[], ProcessRun]:
    """Return a run of `d1 fleet up` with one more file."""
    account, folder = stage.account(), stage.new_folder()
    for number in range(count):
        account.create(f"ours-{number:04}")
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    options = ("--match", "ours-*", "--yes", "--rate", _UNLIMITED, "--concurrency", _CONCURRENCY)
    command = [sys.executable, "-m", "pulumi_d1.cli", "fleet", "up", *options]

    def run() -> ProcessRun:
        _add_file(folder / "migrations")
        return run_process(command, folder, stage.variables(account))

    run()
    return run


def _loop(stage: Stage, count: int) -> Callable[[], ProcessRun]:
    """Return a run of wrangler with one more file on each database; its seconds are those of all processes."""
    account = stage.account()
    wrangler = stage.wrangler(account)
    names = [f"theirs-{number:04}" for number in range(count)]
    entries = [
        {"binding": f"DB{number}", "database_name": name, "database_id": account.create(name).database_id}
        for number, name in enumerate(names)
    ]
    (wrangler.folder / "wrangler.toml").unlink()
    wrangler.write("wrangler.json", json.dumps({"name": "fleet", "d1_databases": entries}))

    def run() -> ProcessRun:
        _add_file(wrangler.folder / "migrations")
        commands = ([wrangler.program, "d1", "migrations", "apply", name, "--remote"] for name in names)
        processes = [run_process(command, wrangler.folder, wrangler.environment) for command in commands]
        return replace(processes[-1], seconds=sum(process.seconds for process in processes))

    run()
    return run


def _add_file(folder: Path) -> None:
    count = len(list(folder.iterdir())) if folder.exists() else 0
    write_files(folder, small_files(count + 1)[-1:])
