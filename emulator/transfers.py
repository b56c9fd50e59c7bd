"""Imports and exports of one emulator: what they share, which is a folder for their files and threads to work in."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator.exports import Exports
from emulator.imports import Imports
from emulator.jobs import Jobs
from emulator.links import Links

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER: Final = ".transfers"  # account ids cannot start with a dot
_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Transfers:
    """Imports, exports, and the files of both."""

    imports: Imports
    exports: Exports
    links: Links


@contextmanager
def open_transfers(state: Path, poll_seconds: float = _POLL_SECONDS) -> Iterator[Transfers]:
    """Give the imports and exports of a state folder, without the files of an earlier run; finish them at the end.

    Args:
        state: the folder, locked by this process.
        poll_seconds: how long an answer waits for the end of a transfer.
    """
    folder = state / _FOLDER
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    links = Links(folder)
    with ThreadPoolExecutor(thread_name_prefix="transfer") as executor:
        yield Transfers(
            Imports(links, Jobs("import", executor, poll_seconds)),
            Exports(links, Jobs("export", executor, poll_seconds)),
            links,
        )
