"""Backups: time, requests and memory, next to `wrangler d1 export`."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, TableRow, compare, memory, run_in_turns, run_process, seconds
from bench.rows import fill
from bench.stage import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measure import ProcessRun
    from bench.stage import Stage

TITLE = "Backups"
ABOUT = """\
`d1 backup create` in a fresh Python process, next to `wrangler d1 export --remote`, of tables with rows of 250 bytes
that reference each other. An export blocks the database; a backup reads its rows through queries, and compresses them.
The backup is then loaded into a local D1 and compared, and restored into a new database, which is read and compared
too."""

MAX_MB: Final = 150
logger = logging.getLogger(__name__)


def measure(stage: Stage, runs: int, *, megabytes: tuple[int, ...] = (10, 100, 1000)) -> list[TableRow]:
    """Measure backups of databases of these sizes."""
    return [row for size in megabytes for row in _rows(stage, runs, size)]


def _rows(stage: Stage, runs: int, megabytes: int) -> list[TableRow]:
    logger.info(f"filling {megabytes} MB")
    account = stage.account()
    wrangler = stage.wrangler(account)
    database = account.find("shop")
    fill(database, megabytes)
    folder = stage.new_folder()
    exported = [wrangler.program, "d1", "export", "shop", "--remote", "--output", "shop.sql", "--skip-confirmation"]

    def step(name: str, target: str) -> ProcessRun:
        command = [sys.executable, "-m", "bench.backup_step", folder, name, target]
        return stage.run_counted(lambda: run_process(command, ROOT, stage.variables(account)))

    def theirs() -> ProcessRun:
        return stage.run_counted(lambda: run_process(exported, wrangler.folder, wrangler.environment))

    logger.info(f"backups of {megabytes} MB")
    backups, exports = run_in_turns(runs, lambda: step("create", database.database_id), theirs)
    size = f"{megabytes:,} MB"
    stored = max(folder.glob("*.sql.gz"), key=lambda file: file.stat().st_mtime)
    verified, restored = run_in_turns(1, lambda: step("verify", ""), lambda: step("restore", "restored"))
    peaks = [memory(processes) for processes in (backups, verified, restored)]
    peak = Figure("MB", (max(figure.median for figure in peaks),))
    for name in ("restored", "shop"):  # the emulator needs the disk for the next size
        account.delete(account.find(name).database_id)
    return [
        compare(f"{size}: create", seconds(backups), seconds(exports), f"reading; the file has {_mb(stored):,.0f} MB"),
        TableRow(f"{size}: verify in a local D1", seconds(verified), bound="SQLite, and the digests"),
        TableRow(f"{size}: restore into a new database", seconds(restored), bound="the import, and reading it back"),
        TableRow(
            f"{size}: memory, the largest",
            peak,
            None,
            f"≤ {MAX_MB} MB",
            peak.median <= MAX_MB,
            "an answer of D1",
        ),
    ]


def _mb(file: Path) -> float:
    return file.stat().st_size / 1e6
