"""The seeds of a folder, and which of them are to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import read_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.plan import File


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do.

    Attributes:
        new: names of files that have not run.
        changed: names of files that ran with another text.
        gone: names of files that ran and are not in the folder any more; what they wrote stays.
    """

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each file that runs or is gone, in the order of the names."""
        told = {
            **dict.fromkeys(self.new, ""),
            **dict.fromkeys(self.changed, " (changed, so it runs again)"),
            **dict.fromkeys(self.gone, " is gone from the folder; what it wrote stays"),
        }
        return tuple(f"{name}{told[name]}" for name in sorted(told))

    def runs(self, name: str) -> bool:
        """Whether the file is to run."""
        return name in self.new or name in self.changed


def read_seeds(folder: str) -> tuple[Migration, ...]:
    """The SQL files of a folder, in the order in which they run: by leading number, then by name.

    Raises:
        ConfigError: there is no such folder, or the name or the text of a file can't be read.
    """
    if not Path(folder).is_dir():
        raise ConfigError(
            f"there is no folder '{folder}': create it, or set the config key seeds to where the seeds are"
        )
    return read_folder(Path(folder))


def make_plan(files: Sequence[File], ran: Mapping[str, str]) -> Plan:
    """The folder held against what ran.

    Args:
        files: the folder.
        ran: digest of each file when it last ran, by name.
    """
    names = {file.name for file in files}
    return Plan(
        new=tuple(file.name for file in files if file.name not in ran),
        changed=tuple(file.name for file in files if ran.get(file.name, file.sha256) != file.sha256),
        gone=tuple(name for name in ran if name not in names),
    )
