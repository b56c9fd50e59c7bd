"""A local D1 that a script is loaded into, and that answers as D1 does."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.database import QueryResult, Row
from pulumi_d1.copying.contents import read_contents
from pulumi_d1.copying.replace import drop_lines
from pulumi_d1.errors import CopyFailed, SqlError
from pulumi_d1.escaping import escape_line
from pulumi_d1.sqlite import local, schema
from pulumi_d1.sqlite.messages import hide_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pulumi_d1.copying.contents import Contents


@dataclass(frozen=True, slots=True)
class LocalD1:
    """A local database."""

    database: local.LocalDatabase

    def read(self, sql: str) -> tuple[Row, ...]:
        """Return the rows of one statement."""
        return tuple(map(Row, self.database.read(sql)))

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        """Return the results of statements."""
        size = self.database.size
        return tuple(QueryResult(self.read(sql), 0, size) for sql in statements)


def replace_local(path: Path, lines: Iterable[str], busy: str) -> Contents:
    """Replace the contents of another program's local database, completely or not at all, and return the new ones.

    Args:
        path: Its file, which is created if it is missing.
        busy: The message of the error if another process has it open.

    Raises:
        ConfigError: Another process has it open.
        CopyFailed: The script does not load.
        SqlError: SQLite cannot read the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # rows; a file that exists keeps its mode
    with local.opened_alone(path, busy) as database:
        present = schema.objects_from(database.read(schema.SELECT))
        clearing = ("PRAGMA defer_foreign_keys = ON;", *drop_lines(present))
        try:
            database.load(chain((f"{line}\n" for line in clearing), lines))
        except SqlError as error:
            message = escape_line(hide_values(str(error), ()))  # the script has the rows
            raise CopyFailed(f"{path} was not changed: {message}. Delete the file, and run this again") from None
        return read_contents(LocalD1(database))


@contextmanager
def loaded(lines: Iterable[str]) -> Iterator[LocalD1]:
    """Load a script into a temporary local database.

    Raises:
        SqlError: The script does not load.
    """
    with local.temporary_database() as database:
        database.load(lines)
        yield LocalD1(database)
