"""A local D1 that a script is loaded into, and that answers as D1 does."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.database import QueryResult, Row
from pulumi_d1.copying.contents import Contents, read_contents
from pulumi_d1.sqlite import local

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class LocalD1:
    """A local database.

    Attributes:
        path: Its file.
    """

    database: local.LocalDatabase
    path: Path

    def read(self, sql: str) -> tuple[Row, ...]:
        """Return the rows of one statement."""
        return tuple(map(Row, self.database.read(sql)))

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        """Return the results of statements."""
        size = self.path.stat().st_size
        return tuple(QueryResult(self.read(sql), 0, size) for sql in statements)


@contextmanager
def loaded(lines: Iterable[str], path: Path) -> Iterator[LocalD1]:
    """Load a script into a new database file.

    Raises:
        SqlError: D1's rules or SQLite refuse a statement.
    """
    with local.new_database(path) as database:
        database.load(lines)
        yield LocalD1(database, path)


def load_contents(lines: Iterable[str], folder: Path | None = None) -> Contents:
    """Load a script into a temporary local database, and return its contents.

    Args:
        folder: Folder of the temporary file; None for the system's.

    Raises:
        SqlError: The script does not load.
    """
    with (
        TemporaryDirectory(dir=folder, prefix=".d1-") as temporary,
        loaded(lines, Path(temporary, "database.sqlite")) as database,
    ):
        return read_contents(database)
