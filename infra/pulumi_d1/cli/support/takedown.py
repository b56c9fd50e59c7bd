"""Takes an environment away: stack, database, configuration, entries. What is gone already is fine."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support import stack_state as stacks
from pulumi_d1.cli.support.pulumi_process import run
from pulumi_d1.cli.support.stack_inventory import committed, connect, entries, read_stacks
from pulumi_d1.ephemeral.inventory import DatabaseRef, Inventory
from pulumi_d1.ephemeral.leftovers import reason_to_keep
from pulumi_d1.ephemeral.names import pull_request_of_stack
from pulumi_d1.errors import ApiError, ConfigError, NotFound, PulumiFailed, StackLocked
from pulumi_d1.wrangler import configuration_file as wrangler_file

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.settings import Settings
    from pulumi_d1.wrangler.entry import WranglerEntry


def take_down(folder: Path, stack: str, *, quiet: bool = False) -> bool:
    """Takes the environment of `stack` away, and tells whether there was anything.

    Args:
        folder: of Pulumi.yaml, the current one.
        stack: its name.
        quiet: whether pulumi prints to stderr alone.

    Raises:
        ConfigError: the stack is not ephemeral; nothing was done.
        PulumiFailed: pulumi failed, and has said why.
        ApiError: Cloudflare does not answer.
    """
    settings = project.settings(folder, stack)
    found = {item.name: item for item in read_stacks(folder)}
    in_git = committed(folder)
    inventory = Inventory(settings.project_name, settings.account_id, tuple(found.values()), in_git, (), ())
    reason = reason_to_keep(found[stack], inventory) if stack in found else ""
    if stack in in_git or settings.protect:
        reason = reason or "it is protected, or its configuration is committed"
    if reason:
        raise ConfigError(f"stack '{stack}' is not ephemeral, since {reason}: nothing was done")
    account = connect(settings)
    if stack in found:
        _destroy(stack, quiet=quiet)
    elif not pull_request_of_stack(stack):
        return False  # without its state, nothing shows that a database of this name may go
    left = unowned(folder, settings, account)
    if left and (reason := held(left, settings, account)):
        click.echo(f"{left.name} ({left.id}) is left alone: {reason}", err=True)
        left = None
    if left:
        remove_database(account, left, settings)
    stale = [item for item in entries(settings) if item.database_name == settings.database_name]
    removed = [remove_entry(folder, item, account) for item in stale]
    file = folder / f"Pulumi.{stack}.yaml"
    config = bool(pull_request_of_stack(stack)) and file.exists()
    if config:
        file.unlink()
    return stack in found or left is not None or any(removed) or config


def unowned(folder: Path, settings: Settings, account: Account) -> DatabaseRef | None:
    """The database of the stack's name, if no stack of the project owns it.

    Raises:
        ConfigError: pulumi refuses.
        ApiError: Cloudflare does not answer.
    """
    found = described(account, settings.database_name)
    if found is None or found.name != settings.database_name:
        return None
    return None if any(found.id in item.database_ids for item in read_stacks(folder)) else found


def held(database: DatabaseRef, settings: Settings, account: Account) -> str:
    """Why nothing shows that a database which no stack owns was left behind by a run of this one; empty where it is.

    A pull request's name is given to nothing else. Any other may be the name of a database that somebody has made, but
    a run that was killed while it made one has put nothing into it.

    Raises:
        ApiError: the database can't be looked into.
    """
    from pulumi_d1.protection.guard import look

    if pull_request_of_stack(settings.environment):
        return ""
    found = look(lambda: account.database(database.id), settings.migrations_table)
    if isinstance(found, str):
        raise ApiError(f"whose {database.name} ({database.id}) is can't be told: {found}")
    return f"no stack owns it, and it holds {found}" if found and found.tables else ""


def described(account: Account, database: str) -> DatabaseRef | None:
    """The database of this UUID or name; None where there is none.

    Raises:
        ApiError: Cloudflare does not answer.
    """
    try:
        found = account.describe(database)
    except NotFound:
        return None
    return DatabaseRef(found.id, found.name, account.id, found.created_at)


def remove_database(account: Account, database: DatabaseRef, settings: Settings) -> None:
    """Deletes a database that no stack owns, as 'pulumi destroy' does: exported before, where it has tables.

    Args:
        account: that it is in.
        database: it.
        settings: of the stack of its name.

    Raises:
        ApiError: it can't be exported or deleted.
        NotConfirmed: what it holds can't be told or exported.
    """
    from pulumi_d1.protection.decision import record
    from pulumi_d1.protection.guard import DELETION, before_deletion

    before_deletion(
        {
            "database_id": database.id,
            "database_name": database.name,
            "migrations_table": settings.migrations_table,
            DELETION: record(settings),
        },
        lambda: account.database(database.id),
    )
    with suppress(NotFound):  # another run was quicker
        account.delete(database.id)
    click.echo(f"deleted the database {database.name} ({database.id}), which no stack owned", err=True)


def remove_entry(folder: Path, entry: WranglerEntry, account: Account) -> bool:
    """Takes an entry out of the wrangler configuration if its database is gone, and tells whether it did.

    Raises:
        ConfigError: the file can't be written.
        ApiError: Cloudflare does not answer.
    """
    if any(entry.database_id in item.database_ids for item in read_stacks(folder)):
        return False
    if described(account, entry.database_id) is not None:
        return False
    wrangler_file.remove(entry)
    return True


def _destroy(stack: str, *, quiet: bool) -> None:
    for command in (
        ("destroy", "--yes", "--skip-preview", "--suppress-outputs", "--refresh"),
        ("stack", "rm", "--yes"),
    ):
        try:
            run(*command, stack=stack, quiet=quiet)
        except StackLocked:
            raise
        except PulumiFailed:
            if stack in stacks.updated():  # else another run has taken it down
                raise
            return
