"""The place of a stack's backups, and the options that name it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulumi_d1.backups.place import place_of
from pulumi_d1.cli.support import project

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_d1.backups.place import Place
    from pulumi_d1.settings import Settings


@dataclass(frozen=True, slots=True)
class StackBackups:
    """The backups of one stack's database.

    Attributes:
        folder: The project's folder.
        settings: The stack's configuration.
    """

    folder: Path
    settings: Settings
    place: Place

    @property
    def database(self) -> str:
        """Name of the stack's database."""
        return self.settings.database_name


def place_option() -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Return the option `--at`."""
    return click.option(
        "--at", "place", metavar="PLACE", help="Folder, or URL of an object store.  [default: the key backups]"
    )


def stack_backups(stack: str, place: str | None) -> StackBackups:
    """Return the backups of a stack, at a place or the one in its configuration.

    Raises:
        ConfigError: The configuration or the place is invalid.
    """
    folder = project.root()
    settings = project.settings(folder, stack, needs_account=False)
    return StackBackups(folder, settings, place_of(place, Path()) if place else place_of(settings.backups, folder))


def manifest_json(name: str, manifest: Any) -> dict[str, Any]:
    """Return a backup for `--json`."""
    return {"name": name, **manifest.as_json()}
