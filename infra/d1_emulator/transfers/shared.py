"""The imports and exports of one emulator, with the folder and the threads that they share."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from d1_emulator.transfers.exports import Exports
from d1_emulator.transfers.imports import Imports
from d1_emulator.transfers.jobs import Jobs
from d1_emulator.transfers.links import Links

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from d1_emulator.databases.emulated_database import BatchOutcome
    from d1_emulator.transfers.links import Link

_FOLDER: Final = ".transfers"  # account ids cannot start with a dot
_POLL_SECONDS: Final = 1.0  # how long an answer waits for the end of a transfer


@dataclass(frozen=True, slots=True)
class Transfers:
    """Imports and exports, and the files and jobs of both."""

    imports: Imports
    exports: Exports
    links: Links
    jobs: tuple[Jobs[BatchOutcome], Jobs[Link]]

    def check(self, uuid: str) -> None:
        """Raise Busy during an import or export of a database: the service answers nothing else meanwhile."""
        for jobs in self.jobs:
            jobs.check(uuid)

    def check_export(self, uuid: str) -> None:
        """Raise Busy during an export of a database."""
        _, exports = self.jobs
        exports.check(uuid)


@contextmanager
def open_transfers(state: Path) -> Iterator[Transfers]:
    """Open the imports and exports of a state folder, and delete the files of an earlier run.

    A job that still runs at the end is interrupted when its database closes.

    Args:
        state: The state folder, locked by this process.
    """
    folder = state / _FOLDER
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    links = Links(folder)
    executor = ThreadPoolExecutor(thread_name_prefix="transfer")
    imports: Jobs[BatchOutcome] = Jobs("import", executor, _POLL_SECONDS)
    exports: Jobs[Link] = Jobs("export", executor, _POLL_SECONDS)
    try:
        yield Transfers(Imports(links, imports), Exports(links, exports), links, (imports, exports))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
