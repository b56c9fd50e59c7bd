"""Rehearsals: of many files, and on a large schema. In one process, without its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.measure import Figure, Row, clocked
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import NEW, Live
from pulumi_d1.migrations.review.review import review_files
from pulumi_d1.sqlite.schema import SchemaObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.stage import Stage

TITLE = "Rehearsals"
ABOUT = """\
A review: plan, rehearsal, lint, schema difference and drift, without the requests. Files come in cycles of ten: a table
is made, indexed, filled, extended, read into another one, updated, emptied and dropped."""

MOST_SECONDS: Final = 2
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


@dataclass(frozen=True)
class Sizes:
    """How many files; how many tables of the large schema, and files on it."""

    files: tuple[int, ...] = (100, 1000, 10_000)
    tables: int = 500
    files_on_tables: int = 1000


def measure(_stage: Stage, runs: int, say: Callable[[str], None], sizes: Sizes = Sizes()) -> list[Row]:
    """Measures each number of files on a small schema, and the last on a large one."""
    rows = [_row(f"{count:,} files", _live(_PARENTS), count, runs, say) for count in sizes.files]
    large = f"{sizes.tables:,} tables"
    rows.append(_row(f"{large}, 1 file", _live(sizes.tables), 1, runs, say))
    rows.append(
        _row(f"{large}, {sizes.files_on_tables:,} files", _live(sizes.tables), sizes.files_on_tables, runs, say)
    )
    return rows


def _row(what: str, now: Live, count: int, runs: int, say: Callable[[str], None]) -> Row:
    say(what)
    files = [
        Migration(f"{number + 1:05}_a.sql", _CYCLE[number % 10].format(number // 10, number // 10 % _PARENTS) + "\n")
        for number in range(count)
    ]

    def rehearse() -> None:
        done = review_files(files, now, "d1_migrations", {}, lambda _: {})
        assert done.rehearsal, done.obstacle  # noqa: S101 - what is measured has happened
        assert done.rehearsal.refusal is None, done.rehearsal.refusal  # noqa: S101 - and to the end

    taken = Figure("s", tuple(clocked(rehearse) for _ in range(runs)))
    each = f"{taken.median / count * 1000:.2f} ms a file: SQLite's parser, and Python between the statements"
    if count > 1000:  # noqa: PLR2004 - the largest is there to show how it grows
        return Row(what, taken, bound=each)
    return Row(what, taken, None, f"≤ {MOST_SECONDS} s", taken.median <= MOST_SECONDS, each)


def _live(tables: int) -> Live:
    """A database of tables that point at the first ones."""
    objects = [
        SchemaObject("table", f"p{number}", f"p{number}", _TABLE.format(number, number % _PARENTS))
        for number in range(tables)
    ]
    return Live(NEW.ledger, tuple(objects))
