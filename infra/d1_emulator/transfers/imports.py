"""Imports of SQL files: upload, then one transaction in the background. Knows nothing of HTTP."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from d1_emulator.errors import Malformed
from pulumi_d1.sqlite.execute import Query, StatementResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from d1_emulator.databases.database import Database, Outcome
    from d1_emulator.transfers.jobs import Job, Jobs
    from d1_emulator.transfers.links import Link, Links


class Imports:
    """The imports of one emulator. Safe for threads.

    Args:
        links: hold the uploads.
        jobs: run the imports.
    """

    def __init__(self, links: Links, jobs: Jobs[Outcome]) -> None:
        self._links = links
        self._jobs = jobs

    def init(self, uuid: str, database: Database, etag: str) -> Link | Job[Outcome]:
        """Make an address for the upload of a file with this MD5, or import the file if it has been uploaded already.

        Raises:
            Busy: another import is running.
        """
        name = filename(uuid, etag)
        content = self._uploaded(name, etag)
        return self._links.new(name, "PUT") if content is None else self._start(uuid, database, content)

    def ingest(self, uuid: str, database: Database, name: str, etag: str) -> Job[Outcome]:
        """Start to import a file that has been uploaded.

        Raises:
            Malformed: no such file has been uploaded, or its MD5 is another one.
            Busy: another import is running.
        """
        content = self._uploaded(name, etag) if name == filename(uuid, etag) else None
        if content is None:
            raise Malformed.at("filename", f"{name} with etag {etag} has not been uploaded")
        return self._start(uuid, database, content)

    def poll(self, uuid: str) -> Job[Outcome] | None:
        """Ask after the import into a database; None where none is running and none has ended since the last poll."""
        return self._jobs.poll(uuid)

    def _uploaded(self, name: str, etag: str) -> bytes | None:
        for link in self._links.named(name):
            if link.path.exists() and md5(content := link.path.read_bytes()) == etag:
                return content
        return None

    def _start(self, uuid: str, database: Database, content: bytes) -> Job[Outcome]:
        # Bytes that are no UTF-8 become U+FFFD, as JavaScript's decoder has them.
        sql = content.decode(errors="replace")
        return self._jobs.start(uuid, database.bookmark(), lambda: database.run([Query(sql)], timed=False))


def filename(uuid: str, etag: str) -> str:
    """Name the file of an upload, from the database and the MD5, so that the same file has the same name."""
    return f"{uuid}.{etag}.sql"


def total(results: Sequence[StatementResult]) -> StatementResult:
    """Add up what the statements of an import gave, as if they were one statement without rows."""
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
    """Digest a file as the service does: 32 hexadecimal digits."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
