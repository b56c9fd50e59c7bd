"""Reviews of databases with rows, next to reviews that read none; and files that would hold a preview."""

from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, TableRow, median_printed, run_in_turns, run_process, time_call
from bench.stage import ROOT, write_files
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions
from pulumi_d1.migrations.review.review import review_offline

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import ProcessRun
    from bench.stage import Stage
    from pulumi_d1.cloudflare.database import D1Api

TITLE = "Rows of a rehearsal"
ABOUT = """\
The review of five pending files at 50 ms per request, in a fresh Python process, with the database's rows or a sample
of them. The other contender is the same review on generated rows, which reads none. The memory is that of the process
that rehearses. A hostile file has one statement that never ends, and a budget of 2 s."""

_LATENCY_MS: Final = 50
_TABLES: Final = 4
_ROW_BYTES: Final = 250
_PENDING: Final = (
    "ALTER TABLE t0 ADD COLUMN more TEXT;",
    "CREATE INDEX i1 ON t1 (text);",
    "UPDATE t2 SET text = 'none' WHERE id < 10;",
    """\
CREATE TABLE new3 (id INTEGER PRIMARY KEY, parent INTEGER, text TEXT NOT NULL);
INSERT INTO new3 SELECT * FROM t3;
DROP TABLE t3;
ALTER TABLE new3 RENAME TO t3;""",
    "CREATE TABLE more (id INTEGER PRIMARY KEY, text TEXT);",
)
_HOSTILE: Final = (
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c;",
    "SELECT instr(replace(hex(zeroblob(1000000)), '0', 'a'), replace(hex(zeroblob(500000)), '0', 'a') || 'b');",
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT randomblob(100000) b FROM c ORDER BY b;",
)
_BUDGET: Final = 2
_FILL: Final = (
    "INSERT INTO t{} (parent, text) WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
    "SELECT 1 + i % 10, substr(hex(randomblob({})), 1, {}) FROM n"
)
_STEP_ROWS: Final = 200_000  # in one request
logger = logging.getLogger(__name__)


def measure(
    stage: Stage,
    runs: int,
    *,
    megabytes: tuple[tuple[int, int, float], ...] = ((9, 0, 1.5), (50, 60, 6), (1000, 0, 1.5)),
) -> list[TableRow]:
    """Measure reviews of databases of these sizes.

    Args:
        megabytes: The size, `rehearsalLimit` (0 for the default), and the seconds that the rows may add.
    """
    rows = [row for size, limit, seconds in megabytes for row in _rows(stage, runs, size, limit, seconds)]
    return [*rows, *(_hostile(runs, number, sql) for number, sql in enumerate(_HOSTILE, 1))]


def _rows(stage: Stage, runs: int, megabytes: int, limit: int, seconds: float) -> list[TableRow]:
    logger.info(f"filling {megabytes} MB")
    account = stage.account()
    database = account.create("rows")
    fill(database, megabytes)
    folder = stage.new_folder()
    write_files(folder, [(f"{number:04}_pending.sql", text) for number, text in enumerate(_PENDING, 1)])
    limited = str(limit or 10)

    def run(rows: str) -> Callable[[], ProcessRun]:
        command = [sys.executable, "-m", "bench.review_rows", folder, database.database_id, rows, limited]
        return lambda: stage.run_counted(lambda: run_process(command, ROOT, stage.variables(account)), _LATENCY_MS)

    logger.info(f"reviews of {megabytes} MB")
    ours, theirs = run_in_turns(runs, run("auto"), run("made"))
    with_rows, without = (
        Figure("s", tuple(float(json.loads(r.output)["seconds"]) for r in processes), processes[-1].requests)
        for processes in (ours, theirs)
    )
    added = with_rows.median - without.median
    basis = json.loads(ours[-1].output)["basis"]
    peak = median_printed(ours, "peak_mb")
    size = f"{megabytes:,} MB" + (f", rehearsalLimit {limit}" if limit else "")
    return [
        TableRow(
            f"{size}: {basis}", with_rows, without, f"≤ {seconds:g} s more", added <= seconds, f"{added:.2f} s more"
        ),
        TableRow(f"{size}: memory of the rehearsal", Figure("MB", (peak,)), bound="SQLite's copy, and Python"),
    ]


def fill(database: D1Api, megabytes: int) -> None:
    """Fill tables that reference the first one."""
    for number in range(_TABLES):
        references = "" if number == 0 else " REFERENCES t0 (id) ON DELETE CASCADE"
        database.write(
            f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, parent INTEGER{references}, text TEXT NOT NULL)"
        )
    left = megabytes * 1_000_000 // _ROW_BYTES
    for number in range(_TABLES):
        share = left // (_TABLES - number)
        left -= share
        while share:
            step = min(share, _STEP_ROWS)
            database.write(_FILL.format(number, step, _ROW_BYTES // 2, _ROW_BYTES - 20))
            share -= step


def _hostile(runs: int, number: int, sql: str) -> TableRow:
    options = RehearsalOptions(budget=timedelta(seconds=_BUDGET))
    files = [Migration("0001_hostile.sql", f"CREATE TABLE t (x);\nINSERT INTO t {sql}")]

    def review() -> None:
        [finding] = review_offline(files, "d1_migrations", options=options).findings
        assert finding.rule.code == "D210", finding  # noqa: S101 - another result must not be timed

    figure = Figure("s", tuple(time_call(review) for _ in range(runs)))
    most = _BUDGET + 2
    return TableRow(f"hostile file {number}", figure, None, f"≤ {most} s", figure.median <= most, "the budget")
