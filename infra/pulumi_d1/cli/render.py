"""`d1 render`: the wrangler configuration as the stacks would have it, without running them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support.options import stacks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.wrangler.entry import WranglerEntry

DIFFERENT = 1
"""Exit code of a check that found a difference."""


@dataclass(frozen=True, slots=True)
class Place:
    """What one stack has written into a configuration.

    Attributes:
        stack: name of the stack.
        account_id: account of its database.
        entry: The expected entry; its path is relative to the current folder.
    """

    stack: str
    account_id: str
    entry: WranglerEntry

    def __str__(self) -> str:
        return f"{self.entry.path}: {self.entry}"


@click.command(short_help="Write the stacks' databases for wrangler.")
@click.option(
    "--stack",
    "only",
    multiple=True,
    shell_complete=stacks,
    help="A stack to look at; may be given again. Otherwise all of them.",
)
@click.option("--check", is_flag=True, help="Write nothing. Fail where the file disagrees with the stacks.")
@click.pass_context
def render(context: click.Context, *, only: Sequence[str], check: bool) -> None:
    r"""Write the database of every stack into the wrangler configuration.

    For a checkout whose file is older than the stacks, as after somebody else's `pulumi up`. Pulumi's state says what
    belongs there; no stack is run, and no entry of another database is touched.

    With --check, each difference is a line, and so is each entry, of a stack or not, whose database is gone.

    \b
    Examples:
      d1 render
      d1 render --check                         in CI, with the file committed
      d1 render --stack dev --stack prod
    """
    places = list(_places(only))
    if not places:
        click.echo("no stack has a database yet")
    elif check:
        lines = [*_differences(places), *_gone(places)]
        for line in lines:
            click.echo(line)
        context.exit(DIFFERENT if lines else 0)
    else:
        _write(places)


def _places(only: Sequence[str]) -> Iterator[Place]:
    """What the stacks have written, or would have.

    Raises:
        ConfigError: A stack does not exist, or two stacks write the same entry.
    """
    import os

    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support import stack_state as stacks
    from pulumi_d1.errors import ConfigError
    from pulumi_d1.wrangler.entry import entry_from

    folder, names = project.root(), stacks.names()
    if unknown := [name for name in only if name not in names]:
        raise ConfigError(f"there is no stack '{unknown[0]}': this project has {', '.join(names) or 'none'}")
    seen: dict[str, str] = {}
    for stack, outputs in ((name, found) for name in only or names for found in stacks.environments(name)):
        entry = entry_from(outputs["wrangler_entry"])
        path = Path(os.path.relpath(folder / entry.path)).as_posix()
        place = Place(stack, outputs["account_id"], replace(entry, path=path))
        if (other := seen.setdefault(str(place), stack)) != stack:
            raise ConfigError(
                f"{place} is written by the stacks '{other}' and '{stack}': "
                f"set 'binding' or 'wranglerEnvironment' of one to something else"
            )
        yield place


def _write(places: Sequence[Place]) -> None:
    """Writes the entries, once it is known that each can be written.

    Raises:
        ConfigError: one can't; nothing was written.
    """
    from pulumi_d1.wrangler import configuration_file as wrangler_file

    for place in places:
        wrangler_file.refuse_foreign(place.entry, {place.entry.database_id})
        wrangler_file.check_put(place.entry)
    for place in places:
        changed = wrangler_file.put(place.entry, {place.entry.database_id})
        click.echo(f"{place} is {place.entry.database_name}{'' if changed else ', as it was'}")


def _differences(places: Sequence[Place]) -> Iterator[str]:
    from pulumi_d1.wrangler import configuration_file as wrangler_file

    for place in places:
        for line in wrangler_file.differences(place.entry):
            yield f"{line} (stack {place.stack})"


def _gone(places: Sequence[Place]) -> Iterator[str]:
    """A line for each entry whose database is in none of the stacks' accounts."""
    from pulumi_d1.cloudflare.account import connect_account
    from pulumi_d1.errors import NotFound
    from pulumi_d1.wrangler import configuration_file as wrangler_file

    for path in sorted({place.entry.path for place in places}):
        accounts = sorted({place.account_id for place in places if place.entry.path == path})
        for entry in wrangler_file.bound_entries(path):
            for account in accounts:
                try:
                    connect_account(account).describe(entry.database_id)
                except NotFound:
                    continue
                break
            else:
                yield f"{path}: {entry}: there is no database {entry.database_id}"
