"""Replace the contents of a database, so that it is the old one or the new one, never a part of each.

One import deletes what is there and loads the script. An import may be no transaction, so it begins with creating a
table that has the bookmark of the old database, and ends with dropping it. A database with this table is unfinished:
the next run restores the bookmark, and starts over.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pulumi_d1.cloudflare.answers import is_bookmark
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.copying.contents import read_contents
from pulumi_d1.errors import (
    CopyFailed,
    NoConnection,
    OutcomeUnknown,
    SqlRefused,
    StillRunning,
    TryLater,
)
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.live import UNFINISHED_TABLE
from pulumi_d1.migrations.run.settling import settle_attempts
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.messages import hide_values
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.references import parents_first, references
from pulumi_d1.sqlite.statements import quoted
from pulumi_d1.tables.plan import plan_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.copying.contents import Contents
    from pulumi_d1.sqlite.schema import SchemaObject

logger = logging.getLogger(__name__)

MAX_IMPORT_BYTES: Final = 5_000_000_000
"""Largest file that Cloudflare imports (its page on limits)."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script that creates a database.

    Attributes:
        source: Where it comes from, for messages.
        contents: What the database has afterwards.
        unpack: Writes the script at the position of a file.
    """

    source: str
    contents: Contents
    unpack: Callable[[BinaryIO], None]


@dataclass(frozen=True, slots=True)
class Replacement:
    """The replacement of a database's contents.

    Attributes:
        name: Name of the target.
        again: Command that continues after an interruption.
        workspace: Folder of the temporary file; None for the system's.
    """

    target: D1Api
    name: str
    script: Script
    again: str
    workspace: Path | None = None
    retry: Retry = field(default_factory=Retry)

    def run(self) -> str:
        """Replace the contents, and return the bookmark of the old ones.

        Raises:
            CopyFailed: D1 refused the script, or the target differs from it afterwards.
            OutcomeUnknown: The response to the import was lost, and the target does not show its end yet.
            ApiError: The target cannot be read.
        """
        self.undo_unfinished()
        bookmark = self.target.bookmark()
        objects = self._objects()
        with tempfile.TemporaryFile(dir=self.workspace) as file:
            file.writelines(f"{line}\n".encode() for line in opening_lines(objects, bookmark))
            self.script.unpack(file)
            file.write(f"DROP TABLE {quoted(UNFINISHED_TABLE)};\n".encode())
            size = file.tell()
            if size > MAX_IMPORT_BYTES:
                raise CopyFailed(
                    f"{self.name} was not changed: the script has {size / 1e9:.1f} GB, and Cloudflare imports files of "
                    f"up to {MAX_IMPORT_BYTES / 1e9:.0f} GB"
                )
            logger.info(f"importing {size / 1e6:,.1f} MB into {self.name}")
            self._import(file, bookmark)
        if differences := self.differences():
            raise CopyFailed(
                f"{self.name} was loaded, but differs from {self.script.source}: {'; '.join(differences)}. Find out "
                f"who else writes to it. Its contents from before have the bookmark {bookmark}"
            )
        return bookmark

    def differences(self) -> tuple[str, ...]:
        """Return what differs in the target from the script's contents."""
        return self.script.contents.differences(read_contents(self.target))

    def undo_unfinished(self) -> None:
        """Restore what was there before an interrupted run.

        Raises:
            CopyFailed: The import of another run has just begun.
            ApiError: The target cannot be read or restored.
        """
        if not self._is_unfinished():
            return
        rows = self.target.read(f"SELECT bookmark FROM {quoted(UNFINISHED_TABLE)}")
        bookmark = rows[0]["bookmark"] if rows else None
        if not is_bookmark(bookmark):
            raise CopyFailed(
                f"nothing was changed: {self.name} has a table {UNFINISHED_TABLE} without a bookmark. An import has "
                f"just begun: run '{self.again}' again in a minute"
            )
        logger.info(f"{self.name} is unfinished: restoring it as it was before an interrupted run")
        self._restore(bookmark)

    def _restore(self, bookmark: str) -> None:
        try:
            self.retry.call(lambda: self.target.restore(bookmark), on=(NoConnection, TryLater))
        except OutcomeUnknown:
            for _ in settle_attempts(self.retry.sleep):
                if not self._is_unfinished():
                    return
            raise

    def _import(self, file: BinaryIO, bookmark: str) -> None:
        """Import the file. If the response is lost and nothing shows that it ran, import it again, once."""
        for is_last in (False, True):
            try:
                self.retry.call(lambda: self.target.import_file(file), on=(NoConnection, TryLater))
            except SqlRefused as error:
                if is_last and self._has_run(bookmark):
                    return  # the first import was late
                message = escape_line(hide_values(str(error), ()))  # the script has the rows
                self._wait_for_undo(bookmark)
                raise CopyFailed(
                    f"{self.name} was not changed: D1 refused the contents of {self.script.source}: {message}"
                ) from None
            except OutcomeUnknown as error:
                if self._has_run(bookmark):
                    return
                if is_last or isinstance(error, StillRunning) or self._is_unfinished():
                    raise OutcomeUnknown(
                        f"{error}; {self.name} does not show the end of the import yet. Run '{self.again}' again in a "
                        "minute: it starts over"
                    ) from error
                logger.info(f"{self.name}: the import did not run; sending it again")
            else:
                return

    def _has_run(self, bookmark: str) -> bool:
        """Return whether the target shows the end of an import within 30 s."""
        for _ in settle_attempts(self.retry.sleep):
            if not self._is_unfinished() and self.target.bookmark() != bookmark and not self.differences():
                return True
        return False

    def _wait_for_undo(self, bookmark: str) -> None:
        """Wait until Cloudflare has undone a refused import; restore the bookmark if it does not."""
        for _ in settle_attempts(self.retry.sleep):
            if not self._is_unfinished():
                return
        logger.info(f"{self.name}: Cloudflare has not undone the import: restoring the bookmark {bookmark}")
        self._restore(bookmark)

    def _is_unfinished(self) -> bool:
        return any(item.name == UNFINISHED_TABLE for item in self._objects())

    def _objects(self) -> tuple[SchemaObject, ...]:
        return schema.objects_from(self.target.read(schema.SELECT))


def opening_lines(objects: Sequence[SchemaObject], bookmark: str) -> Iterator[str]:
    """Yield the statements that delete everything, and mark the database as unfinished meanwhile."""
    yield "PRAGMA foreign_keys = OFF;"
    yield "PRAGMA defer_foreign_keys = ON;"
    yield f"CREATE TABLE {quoted(UNFINISHED_TABLE)} (bookmark TEXT);"
    yield f"INSERT INTO {quoted(UNFINISHED_TABLE)} VALUES ('{bookmark}');"
    yield from drop_lines(objects)


def drop_lines(objects: Sequence[SchemaObject]) -> Iterator[str]:
    """Yield the statements that delete every object; an index is deleted with its table.

    Children come before parents, so no row is left on which a foreign key acts.
    """
    objects = plan_copy(objects).objects
    yield from (
        f"DROP {item.type.upper()} {quoted(item.name)};" for item in objects if item.type in {"trigger", "view"}
    )
    tables = {fold(item.name): item.name for item in objects if item.type == "table"}
    yield from (f"DROP TABLE {quoted(tables[name])};" for name in reversed(parents_first(tables, references(objects))))
