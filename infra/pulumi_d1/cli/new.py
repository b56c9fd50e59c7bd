"""`d1 new`: the next migration, in the project's own layout."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.next_file import first_line, next_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.command()
@click.argument("words", nargs=-1, required=True)
@stack_option("Stack whose folder gets the file.")
def new(words: Sequence[str], *, stack: str) -> None:
    r"""Create the next migration.

    WORDS become its name. The numbering, times included, and the folders are those of the existing files; a new folder
    gets wrangler's numbers. Overwrites no file. The new one has only a comment: write its SQL before you run it.

    \b
    Examples:
      d1 new "add tags"
      d1 new add tags --stack prod
    """
    folder = project.root()
    settings = project.settings(folder, stack, needs_account=False)
    migrations = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder)
    files = migrations.read() if migrations.path.is_dir() else ()
    if hint := migrations.layout_hint():
        raise ConfigError(hint)
    now = datetime.now(UTC)
    name = next_name([file.name for file in files], migrations.pattern, " ".join(words), now)
    migrations.create(name, first_line(name, now))
    say(f"created {migrations.name}/{name}")
    if _is_drizzles(migrations.path):
        say(
            "note: drizzle-kit does not know this file. 'npx drizzle-kit generate --custom' creates one that it knows",
            err=True,
        )


def _is_drizzles(folder: Path) -> bool:
    """Return whether drizzle-kit keeps its snapshots in the folder."""
    return (folder / "meta" / "_journal.json").is_file() or any(folder.glob("*/snapshot.json"))
