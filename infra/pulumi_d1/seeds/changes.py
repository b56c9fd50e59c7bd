"""Compare a folder of seeds with the files that ran."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import read_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.plan import HashedFile


@dataclass(frozen=True, slots=True)
class SeedChanges:
    """Names of the files that differ from those that ran.

    Attributes:
        deleted: Files that ran and are no longer in the folder. Their rows stay.
    """

    new: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """One line of output for each file, by name."""
        notes = {
            **dict.fromkeys(self.new, ""),
            **dict.fromkeys(self.changed, " (changed: runs again)"),
            **dict.fromkeys(self.deleted, " (deleted from the folder: its rows stay)"),
        }
        return tuple(f"{name}{notes[name]}" for name in sorted(notes))

    def runs(self, name: str) -> bool:
        """Return whether the file must run."""
        return name in self.new or name in self.changed


def read_seeds(folder: str) -> tuple[Migration, ...]:
    """Return the SQL files of a folder in the order in which they run: by leading number, then by name.

    Raises:
        ConfigError: The folder does not exist, or the name or the text of a file cannot be read.
    """
    if not Path(folder).is_dir():
        raise ConfigError(f"there is no folder '{folder}': create it, or set the config key seeds to another folder")
    return read_folder(Path(folder))


def compare_seeds(files: Sequence[HashedFile], ran: Mapping[str, str]) -> SeedChanges:
    """Return the differences between the folder and the files that ran.

    Args:
        ran: Name and SHA-256 of each file that ran.
    """
    names = {file.name for file in files}
    return SeedChanges(
        new=tuple(file.name for file in files if file.name not in ran),
        changed=tuple(file.name for file in files if ran.get(file.name, file.sha256) != file.sha256),
        deleted=tuple(name for name in ran if name not in names),
    )
