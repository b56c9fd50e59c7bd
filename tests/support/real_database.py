"""A database of the real D1 engine in place of one behind Cloudflare's API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.database import QueryResult, Row
from pulumi_d1.errors import SqlRefused
from pulumi_d1.sqlite.statements import split
from tests.support.sqlite.transcript import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta
    from typing import BinaryIO

    from tests.support.sqlite.transcript import Database as Engine


@dataclass
class RealDatabase:
    """A database of the real engine with the methods that copies use. It has no Time Travel and no imports.

    Attributes:
        requests: Number of requests that read.
        database_id: Its UUID in backups.
    """

    engine: Engine
    requests: int = 0
    database_id: str = "real"

    def read(self, sql: str) -> tuple[Row, ...]:
        [result] = self.query([sql])
        return result.rows

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        self.requests += 1
        return self._run(statements)

    def _run(self, statements: Iterable[str]) -> tuple[QueryResult, ...]:
        try:
            results = self.engine(tuple({"sql": sql} for sql in statements))
        except Refused as error:
            raise SqlRefused(str(error)) from error
        return tuple(
            QueryResult(
                tuple(Row(zip(result.columns, row, strict=True)) for row in result.rows), result.rows_read, result.size
            )
            for result in results
        )

    def write(self, sql: str) -> tuple[QueryResult, ...]:
        return self._run(statement.text for statement in split(sql))

    def import_script(self, *pieces: str, timeout: timedelta | None = None) -> None:  # noqa: ARG002
        self.write("".join(pieces))

    def import_file(self, file: BinaryIO) -> None:
        file.seek(0)
        self.write(file.read().decode())

    def bookmark(self) -> str:
        return "none"

    def restore(self, bookmark: str) -> str:
        raise NotImplementedError(f"workerd has no Time Travel: {bookmark}")
