"""The project's stacks, databases and wrangler entries, for the commands of ephemeral environments."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.stack_state import last_updates, read_stack
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.ephemeral.inventory import DatabaseRef, Inventory, StackSummary
from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler import configuration_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.settings import Settings
    from pulumi_d1.wrangler.entry import WranglerEntry

_CONCURRENCY: Final = 4
"""Stacks that are read at a time, each by a pulumi process."""


class StackReader:
    """Reads the project's stacks. It keeps what it has read until the stack runs again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stacks: dict[str, StackSummary] = {}

    def read_all(self, *, again: str = "") -> tuple[StackSummary, ...]:
        """Return every stack, sorted by name.

        Args:
            again: A stack to read even if it has not run since; empty for none.

        Raises:
            ConfigError: pulumi refuses, or the configuration of a stack has mistakes.
        """
        updates = last_updates()
        kept = {
            name: stack
            for name, stack in self._stacks.items()
            if name != again and stack.last_update and stack.last_update == updates.get(name)
        }
        stale = [name for name in updates if name not in kept]
        read: list[StackSummary] = []
        with waiting("reading stacks", len(stale)) as advance, ThreadPoolExecutor(_CONCURRENCY) as pool:
            for stack in pool.map(lambda name: _summary(self.folder, name, updates[name]), stale):
                read.append(stack)
                advance()
        self._stacks = kept | {stack.name: stack for stack in read}
        return tuple(self._stacks[name] for name in updates)

    def read(self, stack: str) -> StackSummary | None:
        """Return one stack as it is now, or None if it does not exist.

        Raises:
            ConfigError: pulumi refuses, or the stack's configuration has mistakes.
        """
        updates = last_updates()
        return _summary(self.folder, stack, updates[stack]) if stack in updates else None


def committed_stacks(folder: Path) -> frozenset[str]:
    """Return the stacks whose configuration is in git; all that have one if git cannot read the repository."""
    command = ["git", "ls-files", "--", "Pulumi.*.yaml"]
    try:
        git = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - no input
        files = git.stdout.splitlines()
    except (FileNotFoundError, subprocess.CalledProcessError):
        in_repository = any((above / ".git").exists() for above in (folder, *folder.parents))
        files = [file.name for file in folder.glob("Pulumi.*.yaml")] if in_repository else []
    return frozenset(map(project.stack_of_file, files))


def read_inventory(reader: StackReader, settings: Settings, account: Account) -> Inventory:
    """Return all stacks, databases and wrangler entries.

    Args:
        reader: Reads the stacks.

    Raises:
        ConfigError: pulumi refuses, or a file is invalid.
        ApiError: Cloudflare does not list the databases.
    """
    stacks = reader.read_all()
    # All databases: a stack may own one of any name, and the API does not document how it matches a part of a name.
    listed = tuple(DatabaseRef(item.id, item.name, account.id, item.created_at) for item in account.databases())
    committed = committed_stacks(reader.folder)
    return Inventory(settings.project_name, account.id, stacks, committed, listed, wrangler_entries(settings))


def wrangler_entries(settings: Settings) -> tuple[WranglerEntry, ...]:
    """Return the entries of the wrangler configuration that name a database.

    Raises:
        ConfigError: The file is invalid.
    """
    paths = dict.fromkeys(configuration_file.configuration_path(place.path) for place in settings.binding_places)
    return tuple(entry for path in paths for entry in configuration_file.bound_entries(path))


def _summary(folder: Path, stack: str, last_update: datetime | None) -> StackSummary:
    state = read_stack(stack)
    try:
        settings = project.settings(folder, stack, needs_account=False)
    except ConfigError as error:
        raise ConfigError(f"cannot determine whether stack '{stack}' is ephemeral: {error}") from None
    return StackSummary(
        name=stack,
        last_update=last_update,
        ttl="" if settings.protect else state.ttl or settings.lifetime,
        protected=state.protected or settings.protect,
        databases=tuple(DatabaseRef(item.id, item.name, item.account_id) for item in state.databases),
    )
