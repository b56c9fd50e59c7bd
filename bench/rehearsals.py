"""Rehearsals of many files, and on a large schema. In one process, without its start."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, TableRow, time_call
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import NEW, LiveDatabase
from pulumi_d1.migrations.plan import make_plan
from pulumi_d1.migrations.rehearsal.rows.options import DEFAULT_REHEARSAL, BasisKind
from pulumi_d1.migrations.review.review import review_current
from pulumi_d1.sqlite.schema import SchemaObject

if TYPE_CHECKING:
    from bench.stage import Stage

TITLE = "Rehearsals"
ABOUT = """\
A review: plan, rehearsal, lint, schema difference and drift, without the requests. Files come in cycles of ten: a table
is created, indexed, filled, extended, copied into another one, updated, emptied and dropped."""

MAX_SECONDS: Final = 2
_CYCLE: Final = (
    "CREATE TABLE a{0} (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES p{1}(id) ON DELETE CASCADE, text TEXT);",
    "CREATE INDEX i{0} ON a{0} (text);",
    "INSERT INTO a{0} (text) VALUES ('one'), ('two');",
    "ALTER TABLE a{0} ADD COLUMN more TEXT;",
    "CREATE TABLE b{0} (id INTEGER PRIMARY KEY, text TEXT);",
    "INSERT INTO b{0} SELECT id, text FROM a{0};",
    "UPDATE b{0} SET text = upper(text) WHERE id > 1;",
    "DELETE FROM a{0} WHERE id > 1;",
    "DROP TABLE a{0};",
    "DROP TABLE b{0};",
)
_TABLE: Final = (
    "CREATE TABLE p{0} (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES p{1}(id) ON DELETE CASCADE, a TEXT, b TEXT)"
)
_PARENTS: Final = 20
logger = logging.getLogger(__name__)


def measure(
    _stage: Stage,
    runs: int,
    *,
    files: tuple[int, ...] = (100, 1000, 10_000),
    tables: int = 500,
    files_on_tables: int = 1000,
) -> list[TableRow]:
    """Measure each number of files on a small schema, and one and many files on a large schema."""
    small, large = _live_database(_PARENTS), _live_database(tables)
    return [
        *(_row(f"{count:,} files", small, count, runs) for count in files),
        _row(f"{tables:,} tables, 1 file", large, 1, runs),
        _row(f"{tables:,} tables, {files_on_tables:,} files", large, files_on_tables, runs),
    ]


def _row(title: str, live: LiveDatabase, count: int, runs: int) -> TableRow:
    logger.info(title)
    files = [
        Migration(f"{number + 1:05}_a.sql", _CYCLE[number % 10].format(number // 10, number // 10 % _PARENTS) + "\n")
        for number in range(count)
    ]

    def rehearse() -> None:
        plan = make_plan(files, live.ledger, {})
        review = review_current(files, live, "d1_migrations", plan, None, DEFAULT_REHEARSAL, kind=BasisKind.NEW)
        assert review.rehearsal, review.obstacle  # noqa: S101 - a failure must not be timed
        assert review.rehearsal.refusal is None, review.rehearsal.refusal  # noqa: S101 - nor half a rehearsal

    figure = Figure("s", tuple(time_call(rehearse) for _ in range(runs)))
    bound = f"{figure.median / count * 1000:.2f} ms a file: SQLite's parser, and Python between the statements"
    if count > 1000:  # noqa: PLR2004 - the largest has no goal: it shows the growth
        return TableRow(title, figure, bound=bound)
    return TableRow(title, figure, None, f"≤ {MAX_SECONDS} s", figure.median <= MAX_SECONDS, bound)


def _live_database(tables: int) -> LiveDatabase:
    """Return a database whose tables refer to the first ones."""
    objects = [
        SchemaObject("table", f"p{number}", f"p{number}", _TABLE.format(number, number % _PARENTS))
        for number in range(tables)
    ]
    return LiveDatabase(NEW.ledger, tuple(objects))
