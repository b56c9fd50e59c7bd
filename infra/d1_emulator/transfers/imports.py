"""Imports of SQL files: an upload, then its statements in the background. No HTTP here."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

from d1_emulator.api_errors import Malformed
from pulumi_d1.sqlite.execute import StatementResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from d1_emulator.databases.emulated_database import BatchOutcome, EmulatedDatabase
    from d1_emulator.transfers.jobs import Job, Jobs
    from d1_emulator.transfers.links import Link, Links


RunSql: TypeAlias = "Callable[[str], BatchOutcome]"


class Imports:
    """The imports of one emulator. Safe for threads."""

    def __init__(self, links: Links, jobs: Jobs[BatchOutcome]) -> None:
        self._links = links
        self._jobs = jobs

    def init(self, uuid: str, database: EmulatedDatabase, etag: str, run: RunSql) -> Link | Job[BatchOutcome]:
        """Create an address to upload the file with this MD5, or import the file if it has been uploaded already.

        Args:
            run: Runs the file's SQL in the database.

        Raises:
            Busy: Another import is running.
        """
        name = filename(uuid, etag)
        content = self._uploaded(name, etag)
        return self._links.new(name, "PUT") if content is None else self._start(uuid, database, content, run)

    def ingest(self, uuid: str, database: EmulatedDatabase, name: str, etag: str, run: RunSql) -> Job[BatchOutcome]:
        """Start to import an uploaded file.

        Raises:
            Malformed: No such file has been uploaded, or its MD5 differs.
            Busy: Another import is running.
        """
        content = self._uploaded(name, etag) if name == filename(uuid, etag) else None
        if content is None:
            raise Malformed.at("filename", f"{name} with etag {etag} has not been uploaded")
        return self._start(uuid, database, content, run)

    def poll(self, uuid: str) -> Job[BatchOutcome] | None:
        """Return the import into a database; None if none is running or has ended since the last poll."""
        return self._jobs.poll(uuid)

    def _uploaded(self, name: str, etag: str) -> bytes | None:
        for link in self._links.named(name):
            if link.path.exists() and md5(content := link.path.read_bytes()) == etag:
                return content
        return None

    def _start(self, uuid: str, database: EmulatedDatabase, content: bytes, run: RunSql) -> Job[BatchOutcome]:
        # Bytes that are not UTF-8 become U+FFFD, as in JavaScript's decoder.
        sql = content.decode(errors="replace")
        return self._jobs.start(uuid, database.bookmark(), lambda: run(sql))


def filename(uuid: str, etag: str) -> str:
    """Return the name of an upload: the same file in the same database has the same name."""
    return f"{uuid}.{etag}.sql"


def total(results: Sequence[StatementResult]) -> StatementResult:
    """Return the sum of the results of an import, as the result of one statement without rows."""
    return StatementResult(
        columns=(),
        rows=(),
        changes=sum(result.changes for result in results),
        last_row_id=results[-1].last_row_id,
        changed_schema=any(result.changed_schema for result in results),
        rows_read=sum(result.rows_read for result in results),
        rows_written=sum(result.rows_written for result in results),
        duration_ms=sum(result.duration_ms for result in results),
    )


def md5(content: bytes) -> str:
    """Return a file's MD5 as the service writes it: 32 hexadecimal digits."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
