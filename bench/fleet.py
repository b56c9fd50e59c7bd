"""`d1 fleet up` over simulated databases: what the engine of the runs costs for each of them."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, TableRow, run_process
from bench.stage import ROOT, small_files, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.measure import ProcessRun
    from bench.stage import Stage

TITLE = "A fleet's engine"
ABOUT = """\
`d1 fleet up` over databases that a stand-in simulates, so that their answers cost next to nothing, without a limit on
requests: seconds of CPU for each database, and peak memory. Before, with a journal in a file instead of DBOS, a
database took 2.1 ms of CPU if it was up to date and 11.8 ms with a file, and 2,000 of them took 59 MB."""

_UNLIMITED: Final = "1000000/1"


def measure(stage: Stage, runs: int, *, databases: int = 100_000, sample: int = 1_000) -> list[TableRow]:
    """Measure a sample with a file and without, and then all databases without."""
    with _simulated(databases) as address:
        folder, variables = _project(stage), {**os.environ, "CLOUDFLARE_BASE_URL": address}
        variables |= {"CLOUDFLARE_API_TOKEN": "simulated", "CLOUDFLARE_ACCOUNT_ID": "0" * 32}
        few = f"ours-{0:07}"[: -len(str(sample - 1))] + "*"

        def up(pattern: str) -> tuple[float, ProcessRun]:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-m", "pulumi_d1.cli", "fleet", "up", "--match", pattern, "--yes"]
            run = run_process([*command, "--rate", _UNLIMITED], folder, variables)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, run

        up(f"ours-{0:07}")  # creates the tables of the runs
        start, _ = up(f"ours-{0:07}")
        rows = []
        for words, pattern, count in (("with a file", few, sample), ("up to date", few, sample)):
            measured = [up(pattern) for _ in range(1 if words == "with a file" else runs)]
            rows += _rows(f"{count:,} databases {words}", count, start, measured)
        urllib.request.urlopen(f"{address}/copy").close()  # noqa: S310 - our own server
        return [*rows, *_rows(f"{databases:,} databases up to date", databases, start, [up("ours-*")])]


def _rows(words: str, count: int, start: float, measured: list[tuple[float, ProcessRun]]) -> list[TableRow]:
    seconds = Figure("s", tuple(max(cpu - start, 0) / count for cpu, _ in measured))
    memory = Figure("MB", tuple(run.peak_mb for _, run in measured))
    total = f"{measured[0][1].seconds:.0f} s for all; {start:.1f} s of CPU for one database alone are left out"
    return [TableRow(f"CPU for each of {words}", seconds, bound=total), TableRow(f"peak memory, {words}", memory)]


def _project(stage: Stage) -> Path:
    folder = stage.new_folder()
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    write_files(folder / "migrations", small_files(1))
    return folder


@contextmanager
def _simulated(databases: int) -> Iterator[str]:
    """Run the stand-in until the block ends, and yield its address."""
    command = [sys.executable, "-m", "bench.simulated", str(databases)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout  # noqa: S101 - stdout=PIPE
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
