"""Many databases migrated by one small file each: `d1 fleet up`, against a loop of wrangler over some of them."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, Process, Row, compared, in_turns, ran
from bench.stage import ROOT, small_files, write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.stage import Stage

TITLE = "Many databases"
ABOUT = """\
Time for one database: `d1 fleet up` over all of them, divided by their number, against one start of wrangler for each,
as a loop in a shell has it, over ten. Both meet databases that are migrated already, and give each another file.
Cloudflare's limit on requests is left out of both; [scale.md](scale.md) has what it costs."""

_UNLIMITED: Final = "1000000/1"


@dataclass(frozen=True)
class Sizes:
    """How many databases, for us and for wrangler; milliseconds that a request waits; how many of ours at once."""

    databases: int = 1000
    sample: int = 10
    latencies_ms: tuple[int, ...] = (0, 50)
    concurrency: int = 8


def measure(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures at each latency."""
    say(f"making {sizes.databases:,} databases")
    ours, theirs = _fleet(stage, sizes), _loop(stage, sizes.sample)
    rows = []
    for latency in sizes.latencies_ms:
        say(f"{latency} ms a request")
        fleet, loop = in_turns(runs, partial(stage.counted, ours, latency), partial(stage.counted, theirs, latency))
        total = Figure("s", tuple(each.seconds for each in fleet)).median
        waiting = f"{fleet[0].requests / sizes.databases:.1f} requests for each, {sizes.concurrency} databases at once"
        row = compared(
            f"a database of {sizes.databases:,}, {latency} ms a request",
            Figure("s", tuple(each.seconds / sizes.databases for each in fleet)),
            Figure("s", tuple(each.seconds / sizes.sample for each in loop)),
            f"{total:.1f} s for all: {waiting}; Python's one core, and the emulator's",
        )
        rows.append(row)
    return rows


def _fleet(stage: Stage, sizes: Sizes) -> Callable[[], Process]:
    """Gives our databases, which are up to date, another file."""
    account, folder = stage.account(), stage.new_folder()
    for number in range(sizes.databases):
        account.create(f"ours-{number:04}")
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    options = ("--match", "ours-*", "--yes", "--rate", _UNLIMITED, "--concurrency", sizes.concurrency)
    command = [sys.executable, "-m", "pulumi_d1.cli", "fleet", "up", *options]

    def run() -> Process:
        _add_file(folder / "migrations")
        return ran(command, folder, stage.variables(account))

    run()
    return run


def _loop(stage: Stage, count: int) -> Callable[[], Process]:
    """The same for wrangler and its own databases; the seconds are those of all its processes."""
    account = stage.account()
    wrangler = stage.wrangler(account)
    names = [f"theirs-{number:04}" for number in range(count)]
    entries = [
        {"binding": f"DB{number}", "database_name": name, "database_id": account.create(name).database_id}
        for number, name in enumerate(names)
    ]
    (wrangler.folder / "wrangler.toml").unlink()
    wrangler.write("wrangler.json", json.dumps({"name": "fleet", "d1_databases": entries}))

    def migrate() -> list[Process]:
        commands = ([wrangler.program, "d1", "migrations", "apply", name, "--remote"] for name in names)
        return [ran(command, wrangler.folder, wrangler.environment) for command in commands]

    def run() -> Process:
        _add_file(wrangler.folder / "migrations")
        done = migrate()
        return replace(done[-1], seconds=sum(each.seconds for each in done))

    run()
    return run


def _add_file(folder: Path) -> None:
    count = len(list(folder.iterdir())) if folder.exists() else 0
    write_files(folder, small_files(count + 1)[-1:])
