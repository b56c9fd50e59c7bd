"""One large file of INSERTs: our runner against `wrangler d1 execute --file --remote`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.measure import Row, compared, in_turns, memory, printed, ran, seconds
from bench.stage import ROOT, write_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import Process
    from bench.stage import Stage

TITLE = "One file of INSERTs"
ABOUT = """\
One statement for each row, as exports have it. Ours is the runner in a fresh Python process, rehearsal and ledger
included; wrangler is `wrangler d1 execute --file --remote`, which sends the file and does neither."""

MOST_MB: Final = 150
_TABLE: Final = "CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL);\n"
_WORDS: Final = "it''s text; "
_AROUND: Final = 60  # bytes of a row's statement without them


@dataclass(frozen=True)
class Sizes:
    """Of the file, and about how long its rows are."""

    megabytes: float = 50
    row_bytes: tuple[int, ...] = (1000, 200)


def measure(stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures time and memory for each length of rows."""
    rows = []
    for length in sizes.row_bytes:
        say(f"{sizes.megabytes} MB of rows of {length} bytes")
        rows += _rows(stage, runs, f"{sizes.megabytes:g} MB, rows of {length:,} bytes", _text(sizes.megabytes, length))
    return rows


def _rows(stage: Stage, runs: int, what: str, text: str) -> list[Row]:
    files = [("0001_events.sql", text)]

    def ours() -> Process:
        folder, account = stage.new_folder(), stage.account()
        write_files(folder, files)
        command = [sys.executable, "-m", "bench.ours", folder, account.create("shop").database_id]
        return stage.counted(lambda: ran(command, ROOT, stage.variables(account)))

    def theirs() -> Process:
        wrangler = stage.wrangler(stage.account(), files)
        command = [wrangler.program, "d1", "execute", "DB", "--remote", "--yes", "--file", f"migrations/{files[0][0]}"]
        return stage.counted(lambda: ran(command, wrangler.folder, wrangler.environment))

    runner, wrangler = in_turns(runs, ours, theirs)
    used, limit = memory(runner), f"≤ {MOST_MB} MB"
    return [
        compared(
            what,
            seconds(runner),
            seconds(wrangler),
            "the import itself, which both wait for. Ours reviews the file before it, in "
            f"{printed(runner, 'review'):.1f} s: SQLite runs every statement once more",
            most=1,
            words="not slower",
        ),
        Row(
            f"{what}: memory",
            used,
            memory(wrangler),
            limit,
            used.median <= MOST_MB,
            "the file's bytes and its text, both there while it is read; afterwards the text alone",
        ),
    ]


def _text(megabytes: float, row_bytes: int) -> str:
    body = _WORDS * ((row_bytes - _AROUND) // len(_WORDS))
    row = f"INSERT INTO events VALUES ({{0}}, 'event {{0}}', '{body}');\n"  # noqa: S608 - literals of ours
    count = int(megabytes * 1_000_000 / len(row.format(10_000)))
    return _TABLE + "".join(row.format(number) for number in range(1, count + 1))
