"""Write a squashed file, run it, and compare everything. Runs in the rehearsal's process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError, SqlError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.importing import is_split_wrongly
from pulumi_d1.migrations.squash.contents import counted_rows, read_contents
from pulumi_d1.migrations.squash.replay import replay
from pulumi_d1.migrations.squash.script import rows_at_any_time, write_statements
from pulumi_d1.sqlite.statements import iter_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
    from pulumi_d1.migrations.squash.contents import Contents

_DEFER = "PRAGMA defer_foreign_keys = ON;"
"""For rows that reference each other. D1 ends it with the transaction."""

_NOTHING = "SELECT 1;"
"""For files that leave nothing: a file without a statement counts as not written yet."""


@dataclass(frozen=True, slots=True)
class Squash:
    """A squashed file that is proved.

    Attributes:
        sql: Its statements.
        objects: Number of tables, indexes, views and triggers.
        rows: Number of rows by table, of those that have some.
        moving: A line for each column whose value is the time of the run.
    """

    sql: str
    objects: int
    rows: dict[str, int]
    moving: tuple[str, ...]


def prove_squash(
    files: Sequence[Migration],
    name: str,
    table: str,
    _kind: BasisKind,
    _rows: Iterable[str],
    watch: Callable[[int, int], None] = lambda _number, _offset: None,
) -> Squash:
    """Return one file that leaves what the files leave, at two moments that differ in time and in random numbers.

    Raises:
        SqlError: There is none. The message has the reason.
    """
    watch(0, 0)
    try:
        replays = (replay(files, table, second=False), replay(files, table, second=True))
    except ConfigError as error:  # only this kind of error leaves the process with its message
        raise SqlError(str(error)) from error
    contents = (read_contents(replays[0].connection, table), read_contents(replays[1].connection, table))
    rows, moving = rows_at_any_time(replays, contents)
    statements = list(write_statements(contents[0], rows)) or [_NOTHING]
    sql = "\n".join((*statements, ""))
    as_import = any(map(is_split_wrongly, iter_statements(sql)))
    try:
        problems = _problems(Migration(name, sql), table, contents, as_import=as_import)
    except SqlError as error:
        if as_import:
            raise SqlError(
                f"D1 would refuse the squashed file, which is an import because it has triggers: {error}. Rows that "
                "reference each other in a circle need one transaction: squash through an earlier file"
            ) from error
        sql = f"{_DEFER}\n{sql}"
        try:
            problems = _problems(Migration(name, sql), table, contents, as_import=False)
        except SqlError:
            raise SqlError(f"D1 would refuse the squashed file: {error}. Squash through an earlier file") from error
    if problems:
        raise SqlError(f"the squashed file would not leave the same database: {'; '.join(problems)}")
    return Squash(sql, len(contents[0].schema.objects), counted_rows(contents[0]), moving)


def _problems(
    squashed: Migration, table: str, expected: tuple[Contents, Contents], *, as_import: bool
) -> tuple[str, ...]:
    """Return what the squashed file leaves otherwise.

    Raises:
        SqlError: D1 would refuse it.
    """
    found: dict[str, None] = {}
    for second, contents in enumerate(expected):
        for by_statement in (False, True) if as_import else (False,):
            run = replay([squashed], table, second=bool(second), by_statement=by_statement)
            found |= dict.fromkeys(contents.differences(read_contents(run.connection, table)))
    return tuple(found)
