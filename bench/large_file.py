"""One large file of INSERTs: our runner against `wrangler d1 execute --file --remote`."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final

from bench.measure import TableRow, compare, median_printed, memory, run_in_turns, run_process, seconds
from bench.stage import ROOT, write_files

if TYPE_CHECKING:
    from bench.measure import ProcessRun
    from bench.stage import Stage

TITLE = "One file of INSERTs"
ABOUT = """\
One statement for each row, as exports have it. Ours is the runner in a fresh Python process, rehearsal and ledger
included; wrangler is `wrangler d1 execute --file --remote`, which sends the file and does neither."""

MAX_MB: Final = 150
_TABLE: Final = "CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL);\n"
_WORDS: Final = "it''s text; "
_OTHER_BYTES: Final = 60  # of a row's statement, without the words
logger = logging.getLogger(__name__)


def measure(
    stage: Stage, runs: int, *, megabytes: float = 50, row_bytes: tuple[int, ...] = (1000, 200)
) -> list[TableRow]:
    """Measure time and memory for each length of rows."""
    rows = []
    for length in row_bytes:
        logger.info(f"{megabytes} MB of rows of {length} bytes")
        rows += _rows(stage, runs, f"{megabytes:g} MB, rows of {length:,} bytes", _text(megabytes, length))
    return rows


def _rows(stage: Stage, runs: int, title: str, text: str) -> list[TableRow]:
    files = [("0001_events.sql", text)]

    def ours() -> ProcessRun:
        folder, account = stage.new_folder(), stage.account()
        write_files(folder, files)
        command = [sys.executable, "-m", "bench.apply_pending", folder, account.create("shop").database_id]
        return stage.run_counted(lambda: run_process(command, ROOT, stage.variables(account)))

    def theirs() -> ProcessRun:
        wrangler = stage.wrangler(stage.account(), files)
        command = [wrangler.program, "d1", "execute", "DB", "--remote", "--yes", "--file", f"migrations/{files[0][0]}"]
        return stage.run_counted(lambda: run_process(command, wrangler.folder, wrangler.environment))

    runner, wrangler = run_in_turns(runs, ours, theirs)
    used = memory(runner)
    return [
        compare(
            title,
            seconds(runner),
            seconds(wrangler),
            "the import itself, which both wait for. Ours reviews the file before it, in "
            f"{median_printed(runner, 'review'):.1f} s: SQLite runs every statement once more",
            limit=1,
            words="not slower",
        ),
        TableRow(
            f"{title}: memory",
            used,
            memory(wrangler),
            f"≤ {MAX_MB} MB",
            used.median <= MAX_MB,
            "the file's bytes and its text, both in memory while it is read; afterwards only the text",
        ),
    ]


def _text(megabytes: float, row_bytes: int) -> str:
    body = _WORDS * ((row_bytes - _OTHER_BYTES) // len(_WORDS))
    row = f"INSERT INTO events VALUES ({{0}}, 'event {{0}}', '{body}');\n"  # noqa: S608 - our own literals
    count = int(megabytes * 1_000_000 / len(row.format(10_000)))
    return _TABLE + "".join(row.format(number) for number in range(1, count + 1))
