"""Pending small files: our runner, and the whole `pulumi up`, against `wrangler d1 migrations apply --remote`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.measure import Row, compared, in_turns, printed, ran, seconds
from bench.stage import ROOT, small_files, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import Process
    from bench.stage import Stage

TITLE = "Pending small files"
ABOUT = """\
Each makes one table. Ours is a fresh Python process, imports included, that reads the folder, rehearses, takes the
bookmark, applies and verifies; wrangler is `wrangler d1 migrations apply --remote`. Below it, the whole `pulumi up` of
a new stack, which creates the database and writes the binding too: of that, Pulumi's engine and the processes that it
starts take most."""

MOST_REQUESTS = 40
_GOALS = {(1, 0): (1, "not slower"), (1, 50): (1, "not slower"), (100, 50): (0.1, ""), (1000, 50): (0.02, "")}


@dataclass(frozen=True)
class Sizes:
    """How many files, and milliseconds that each request waits."""

    files: tuple[int, ...] = (1, 10, 100, 1000)
    latencies_ms: tuple[int, ...] = (0, 50)


def measure(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures every combination."""
    rows = []
    for latency in sizes.latencies_ms:
        for count in sizes.files:
            say(f"{count:,} files at {latency} ms")
            rows += _rows(stage, runs, count, latency)
    return rows


def _rows(stage: Stage, runs: int, count: int, latency: int) -> list[Row]:
    files = small_files(count)

    def ours() -> Process:
        folder, account = stage.new_folder(), stage.account()
        write_files(folder, files)
        command = [sys.executable, "-m", "bench.ours", folder, account.create("shop").database_id]
        return stage.counted(lambda: ran(command, ROOT, stage.variables(account)), latency)

    def theirs() -> Process:
        wrangler = stage.wrangler(stage.account(), files)
        command = [wrangler.program, "d1", "migrations", "apply", "DB", "--remote"]
        return stage.counted(lambda: ran(command, wrangler.folder, wrangler.environment), latency)

    def up() -> Process:
        project = stage.project(files)
        return stage.counted(project.up, latency)

    runner, wrangler, pulumi = in_turns(runs, ours, theirs, up)
    inside = printed(runner, "seconds")
    what = f"{count:,} {'file' if count == 1 else 'files'}, {latency} ms a request"
    most, words = _GOALS.get((count, latency), (None, ""))
    waiting = f" and {runner[0].requests} requests one after another, {runner[0].requests * latency / 1000:.2f} s"
    bound = f"Python's start and its imports; without them {inside:.2f} s, of it SQLite{waiting if latency else ''}"
    row = compared(what, seconds(runner), seconds(wrangler), bound, most=most, words=words)
    return [
        _with_requests(row) if count >= 1000 else row,  # noqa: PLR2004 - the table's largest
        compared(
            f"{what}: `pulumi up`", seconds(pulumi), seconds(wrangler), "Pulumi's engine and three Python processes"
        ),
    ]


def _with_requests(row: Row) -> Row:
    """The row with its second goal."""
    few = (row.ours.requests or 0) <= MOST_REQUESTS
    words = f"at most {MOST_REQUESTS} requests"
    return replace(row, goal=f"{row.goal}; {words}" if row.goal else words, met=few and row.met is not False)
