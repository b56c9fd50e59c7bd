"""Exports as SQL files: a dump in the background, then an address to fetch it from. Knows nothing of HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from d1_emulator.transfers.dump import DumpOptions, dump

if TYPE_CHECKING:
    import apsw

    from d1_emulator.databases.database import Database
    from d1_emulator.transfers.jobs import Job, Jobs
    from d1_emulator.transfers.links import Link, Links


class Exports:
    """The exports of one emulator. Safe for threads.

    Args:
        links: hold the files.
        jobs: run the exports.
    """

    def __init__(self, links: Links, jobs: Jobs[Link]) -> None:
        self._links = links
        self._jobs = jobs

    def start(self, uuid: str, database: Database, options: DumpOptions) -> Job[Link]:
        """Start to export a database; the outcome may be a DumpRefused.

        Raises:
            Busy: another export of it is running.
        """
        bookmark = database.bookmark()
        return self._jobs.start(uuid, bookmark, lambda: self._export(f"{uuid}-{bookmark}.sql", database, options))

    def poll(self, uuid: str) -> Job[Link] | None:
        """Ask after the export of a database; None where none is running and none has ended since the last poll."""
        return self._jobs.poll(uuid)

    def _export(self, name: str, database: Database, options: DumpOptions) -> Link:
        link = self._links.new(name, "GET")

        def write(connection: apsw.Connection) -> None:
            with link.path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(f"{statement}\n" for statement in dump(connection, options))

        database.look(write)
        return link
