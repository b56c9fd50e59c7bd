"""Exports as SQL files: a dump in the background, then an address to fetch it from. No HTTP here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from d1_emulator.transfers.dump import DumpOptions, dump

if TYPE_CHECKING:
    from pathlib import Path

    import apsw

    from d1_emulator.databases.emulated_database import EmulatedDatabase
    from d1_emulator.transfers.jobs import Job, Jobs
    from d1_emulator.transfers.links import Link, Links


class Exports:
    """The exports of one emulator. Safe for threads."""

    def __init__(self, links: Links, jobs: Jobs[Link]) -> None:
        self._links = links
        self._jobs = jobs

    def start(self, uuid: str, database: EmulatedDatabase, options: DumpOptions) -> Job[Link]:
        """Start to export a database; the outcome may be a DumpRefused.

        Raises:
            Busy: Another export of the database is running.
        """
        bookmark = database.bookmark()
        return self._jobs.start(uuid, bookmark, lambda: self._export(f"{uuid}-{bookmark}.sql", database, options))

    def poll(self, uuid: str) -> Job[Link] | None:
        """Return the export of a database; None if none is running or has ended since the last poll."""
        return self._jobs.poll(uuid)

    def _export(self, name: str, database: EmulatedDatabase, options: DumpOptions) -> Link:
        link = self._links.new(name, "GET")
        database.read(partial(_write, link.path, options))
        return link


def _write(path: Path, options: DumpOptions, connection: apsw.Connection) -> int:
    """Write a dump to a file. Return the number of its statements."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for statement in dump(connection, options):
            file.write(f"{statement}\n")
            count += 1
    return count
