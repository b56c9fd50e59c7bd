"""Pending small files: our runner, and the whole `pulumi up`, against `wrangler d1 migrations apply --remote`."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.measure import TableRow, compare, median_printed, run_in_turns, run_process, seconds
from bench.stage import ROOT, small_files, write_files

if TYPE_CHECKING:
    from bench.measure import ProcessRun
    from bench.stage import Stage

TITLE = "Pending small files"
ABOUT = """\
Each creates one table. Ours is a fresh Python process, imports included, that reads the folder, rehearses, takes the
bookmark, applies and verifies; wrangler is `wrangler d1 migrations apply --remote`. Below it is the whole `pulumi up`
of a new stack, which creates the database and writes the binding too. Pulumi's engine and the processes that it starts
take most of that."""

MAX_REQUESTS = 40
_GOALS = {(1, 0): (1, "not slower"), (1, 50): (1, "not slower"), (100, 50): (0.1, ""), (1000, 50): (0.02, "")}
logger = logging.getLogger(__name__)


def measure(
    stage: Stage, runs: int, *, files: tuple[int, ...] = (1, 10, 100, 1000), latencies_ms: tuple[int, ...] = (0, 50)
) -> list[TableRow]:
    """Measure every number of files at every latency of a request."""
    rows = []
    for latency in latencies_ms:
        for count in files:
            logger.info(f"{count} files at {latency} ms")
            rows += _rows(stage, runs, count, latency)
    return rows


def _rows(stage: Stage, runs: int, count: int, latency: int) -> list[TableRow]:
    files = small_files(count)

    def ours() -> ProcessRun:
        folder, account = stage.new_folder(), stage.account()
        write_files(folder, files)
        command = [sys.executable, "-m", "bench.apply_pending", folder, account.create("shop").database_id]
        return stage.run_counted(lambda: run_process(command, ROOT, stage.variables(account)), latency)

    def theirs() -> ProcessRun:
        wrangler = stage.wrangler(stage.account(), files)
        command = [wrangler.program, "d1", "migrations", "apply", "DB", "--remote"]
        return stage.run_counted(lambda: run_process(command, wrangler.folder, wrangler.environment), latency)

    def up() -> ProcessRun:
        project = stage.project(files)
        return stage.run_counted(project.up, latency)

    runner, wrangler, pulumi = run_in_turns(runs, ours, theirs, up)
    inside = median_printed(runner, "seconds")
    title = f"{count:,} {'file' if count == 1 else 'files'}, {latency} ms a request"
    limit, words = _GOALS.get((count, latency), (None, ""))
    waiting = f" and {runner[0].requests} requests one after another, {runner[0].requests * latency / 1000:.2f} s"
    bound = f"Python's start and its imports; without them {inside:.2f} s, of it SQLite{waiting if latency else ''}"
    row = compare(title, seconds(runner), seconds(wrangler), bound, limit=limit, words=words)
    return [
        _with_requests(row) if count >= 1000 else row,  # noqa: PLR2004 - the table's largest
        compare(
            f"{title}: `pulumi up`", seconds(pulumi), seconds(wrangler), "Pulumi's engine and three Python processes"
        ),
    ]


def _with_requests(row: TableRow) -> TableRow:
    """Return the row with its second goal."""
    words = f"at most {MAX_REQUESTS} requests"
    met = (row.ours.requests or 0) <= MAX_REQUESTS and row.met is not False
    return replace(row, goal=f"{row.goal}; {words}" if row.goal else words, met=met)
