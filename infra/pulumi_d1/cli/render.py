"""`d1 render`: write the stacks' databases into the wrangler configuration without running a stack."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.options import complete_stacks
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.stack_state import read_environments, refuse_unknown, stack_names
from pulumi_d1.cli.support.stack_token import stack_token
from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.errors import ConfigError, NotFound
from pulumi_d1.wrangler import configuration_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.wrangler.entry import WranglerEntry


@dataclass(frozen=True, slots=True)
class StackEntry:
    """The wrangler entry of one stack.

    Attributes:
        entry: The expected entry; its path is relative to the current folder.
    """

    stack: str
    account_id: str
    entry: WranglerEntry

    def __str__(self) -> str:
        return f"{self.entry.path}: {self.entry}"


@click.command()
@click.option(
    "--stack",
    "only",
    multiple=True,
    shell_complete=complete_stacks,
    help="Stack to write; repeatable.  [default: all stacks]",
)
@click.option("--check", is_flag=True, help="Write nothing. Exit with 1 if the file differs.")
@click.pass_context
def render(context: click.Context, *, only: Sequence[str], check: bool) -> None:
    r"""Write the stacks' databases into wrangler's configuration.

    For a checkout whose file is older than the stacks, such as after somebody else's `pulumi up`. Reads Pulumi's state,
    runs no stack, and leaves entries of other databases alone.

    With --check, prints each difference, and each entry, of a stack or not, whose database is gone.

    \b
    Examples:
      d1 render
      d1 render --check                         in CI, with the file committed
      d1 render --stack dev --stack prod
    """
    entries = list(_entries(only))
    if not entries:
        say("no stack has a database yet")
    elif check:
        lines = [*_differences(entries), *_missing_databases(entries)]
        for line in lines:
            say(line)
        context.exit(ExitCode.FAILED if lines else ExitCode.OK)
    else:
        _write(entries)


def _entries(only: Sequence[str]) -> Iterator[StackEntry]:
    """Yield the entries that the stacks write.

    Raises:
        ConfigError: A stack does not exist, or two stacks write the same entry.
    """
    folder, names = project.root(), stack_names()
    refuse_unknown(only, names)
    stacks: dict[str, str] = {}
    for state in (state for name in only or names for state in read_environments(name)):
        for entry in state.wrangler_entries:
            path = Path(os.path.relpath(folder / entry.path)).as_posix()
            item = StackEntry(state.stack, state.account_id, replace(entry, path=path))
            if (other := stacks.setdefault(str(item), state.stack)) != state.stack:
                raise ConfigError(
                    f"{item} is written by the stacks '{other}' and '{state.stack}': "
                    f"change 'binding' or 'wranglerEnvironment' of one of them"
                )
            yield item


def _write(entries: Sequence[StackEntry]) -> None:
    """Write the entries, after checking that all of them can be written.

    Raises:
        ConfigError: An entry cannot be written; nothing was written.
    """
    for item in entries:
        configuration_file.refuse_foreign(item.entry, {item.entry.database_id})
        configuration_file.check_put(item.entry)
    for item in entries:
        changed = configuration_file.put(item.entry, {item.entry.database_id})
        say(f"{item} is {item.entry.database_name}{'' if changed else ', unchanged'}")


def _differences(entries: Sequence[StackEntry]) -> Iterator[str]:
    for item in entries:
        for line in configuration_file.differences(item.entry):
            yield f"{line} (stack {item.stack})"


def _missing_databases(entries: Sequence[StackEntry]) -> Iterator[str]:
    """Yield a line for each entry in the files whose database is in none of the stacks' accounts."""
    for path in sorted({item.entry.path for item in entries}):
        accounts = {item.account_id: item.stack for item in entries if item.entry.path == path}
        for entry in configuration_file.bound_entries(path):
            if not any(_exists(account, stack, entry.database_id) for account, stack in accounts.items()):
                yield f"{path}: {entry}: there is no database {entry.database_id}"


def _exists(account_id: str, stack: str, database_id: str) -> bool:
    try:
        connect_account(account_id, token=stack_token(stack)).describe(database_id)
    except NotFound:
        return False
    return True
