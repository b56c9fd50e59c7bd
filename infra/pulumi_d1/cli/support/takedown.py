"""Delete an environment: its stack, database, configuration and wrangler entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.pulumi_process import run
from pulumi_d1.cli.support.stack_inventory import committed_stacks, wrangler_entries
from pulumi_d1.cli.support.stack_state import last_updates
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.ephemeral.inventory import DatabaseRef
from pulumi_d1.ephemeral.leftovers import reason_to_keep
from pulumi_d1.ephemeral.names import pull_request_of_stack
from pulumi_d1.errors import ApiError, ConfigError, NotFound, PulumiFailed, StackLocked
from pulumi_d1.protection import guard
from pulumi_d1.protection.decision import PendingDeletion, rules_from
from pulumi_d1.wrangler import configuration_file

if TYPE_CHECKING:
    from pulumi_d1.cli.support.stack_inventory import StackReader
    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.ephemeral.inventory import StackSummary
    from pulumi_d1.settings import Settings
    from pulumi_d1.wrangler.entry import WranglerEntry


def take_down(reader: StackReader, stack: str, stacks: tuple[StackSummary, ...], *, quiet: bool = False) -> bool:
    """Delete the environment of a stack, and return whether anything of it existed.

    Args:
        reader: Reads the stacks again while this runs.
        stacks: All stacks, as just read.

    Raises:
        ConfigError: The stack is not ephemeral; nothing was deleted.
        PulumiFailed: pulumi failed, and has printed the reason.
        ApiError: Cloudflare does not answer.
    """
    settings = project.settings(reader.folder, stack)
    committed = committed_stacks(reader.folder)
    summary = next((item for item in stacks if item.name == stack), None)
    reason = reason_to_keep(summary, stacks, committed) if summary else ""
    if stack in committed or settings.protect:
        reason = reason or "it is protected, or its configuration is committed"
    if reason:
        raise ConfigError(f"nothing was deleted: stack '{stack}' is not ephemeral: {reason}")
    if summary:
        _destroy(stack, quiet=quiet)
    elif not pull_request_of_stack(stack):
        return False  # without a state, nothing proves that a database of this name is ours

    account = stack_account(settings)
    leftover = find_unowned(reader, settings, account)
    if leftover and (reason := reason_to_spare(leftover, settings, account)):
        say(f"kept the database {leftover.name} ({leftover.id}): {reason}", err=True)
        leftover = None
    if leftover:
        delete_database(account, leftover, settings)
    entries = [item for item in wrangler_entries(settings) if item.database_name == settings.database_name]
    removed = [remove_entry(reader, entry, account) for entry in entries]
    file = reader.folder / f"Pulumi.{stack}.yaml"
    has_file = bool(pull_request_of_stack(stack)) and file.exists()
    if has_file:
        file.unlink()
    return bool(summary or leftover or any(removed) or has_file)


def find_unowned(reader: StackReader, settings: Settings, account: Account) -> DatabaseRef | None:
    """Return the database of the stack's name if no stack of the project owns it, or None.

    Raises:
        ConfigError: pulumi refuses.
        ApiError: Cloudflare does not answer.
    """
    database = describe(account, settings.database_name)
    if database is None or database.name != settings.database_name:
        return None
    return None if any(database.id in stack.database_ids for stack in reader.read_all()) else database


def reason_to_spare(database: DatabaseRef, settings: Settings, account: Account) -> str:
    """Return why a database that no stack owns must be kept, or `""` if a run of ours left it behind.

    Only a pull request's stack produces a pull request's name. A database of another name may be someone's own, unless
    it has no tables: a run that was killed while it created the database has written nothing.

    Raises:
        ApiError: The database cannot be read.
    """
    if pull_request_of_stack(settings.environment):
        return ""
    contents = guard.inspect_database(lambda: account.database(database.id), settings.migrations_table)
    if contents is None:
        return ""
    if contents.unknown:
        raise ApiError(f"cannot determine who created {database.name} ({database.id}): {contents.unknown}")
    return f"no stack owns it, and it holds {contents}" if contents.tables else ""


def describe(account: Account, database: str) -> DatabaseRef | None:
    """Return the database of this UUID or name, or None if it does not exist.

    Raises:
        ApiError: Cloudflare does not answer.
    """
    try:
        found = account.describe(database)
    except NotFound:
        return None
    return DatabaseRef(found.id, found.name, account.id, found.created_at)


def delete_database(account: Account, database: DatabaseRef, settings: Settings) -> None:
    """Delete a database that no stack owns. As 'pulumi destroy' does, export it first if it has tables.

    Args:
        settings: Settings of the stack that has its name.

    Raises:
        ApiError: The database cannot be exported or deleted.
        NotConfirmed: The database cannot be read, or not be exported completely.
    """
    pending = PendingDeletion(database.id, database.name, settings.migrations_table, rules_from(settings))
    guard.delete_database(pending, account)
    say(f"deleted the database {database.name} ({database.id}), which no stack owned", err=True)


def remove_entry(reader: StackReader, entry: WranglerEntry, account: Account) -> bool:
    """Remove an entry from the wrangler configuration if its database is gone, and return whether it was removed.

    Raises:
        ConfigError: The file cannot be written.
        ApiError: Cloudflare does not answer.
    """
    if describe(account, entry.database_id) or any(
        entry.database_id in item.database_ids for item in reader.read_all()
    ):
        return False
    configuration_file.remove(entry)
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
            if stack in last_updates():
                raise
            return  # another run has deleted it
