"""What there is: from Pulumi, git, Cloudflare and the wrangler configuration."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support import stack_state as stacks
from pulumi_d1.ephemeral.inventory import DatabaseRef, Inventory, StackSummary
from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler import configuration_file as wrangler_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.settings import Settings
    from pulumi_d1.wrangler.entry import WranglerEntry

_AT_ONCE: Final = 4
"""Stacks that are read at the same time, each by a pulumi process."""


def read_stacks(folder: Path) -> tuple[StackSummary, ...]:
    """Every stack of the project, by name.

    Raises:
        ConfigError: pulumi refuses, or the configuration of a stack has mistakes.
    """
    times = sorted(stacks.updated().items())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(lambda item: _environment(folder, *item), times))


def read_stack(folder: Path, stack: str) -> StackSummary | None:
    """One stack; None where there is none of that name.

    Raises:
        ConfigError: as `read_stacks`.
    """
    times = stacks.updated()
    return _environment(folder, stack, times[stack]) if stack in times else None


def committed(folder: Path) -> frozenset[str]:
    """Stacks that have a configuration in git; where git does not say, all that have one here."""
    command = ["git", "ls-files", "--", "Pulumi.*.yaml"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - no input
        files = done.stdout.splitlines()
    except (FileNotFoundError, subprocess.CalledProcessError):
        repository = any((above / ".git").exists() for above in (folder, *folder.parents))
        files = [file.name for file in folder.glob("Pulumi.*.yaml")] if repository else []
    return frozenset(file.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)


def shared_settings(folder: Path) -> Settings:
    """What holds for the stacks of all pull requests: the project, the account, the wrangler configuration.

    Raises:
        ConfigError: Pulumi.yaml is not what it should be, or there is no account.
    """
    return project.settings(folder, "pr-0")


def connect(settings: Settings) -> Account:
    """The account of the project's databases, with the token in CLOUDFLARE_API_TOKEN.

    Raises:
        ConfigError: there is no token.
    """
    from pulumi_d1.cloudflare.account import connect_account

    return connect_account(settings.account_id)


def read_inventory(folder: Path, settings: Settings, account: Account) -> Inventory:
    """Everything, in the order that Inventory asks for.

    Args:
        folder: of Pulumi.yaml.
        settings: of a stack of a pull request.
        account: that of `settings`.

    Raises:
        ConfigError: pulumi refuses, or a file is not what it should be.
        ApiError: Cloudflare does not list its databases.
    """
    found = read_stacks(folder)
    # All of them: a stack may own one of any name, and the API does not say how it searches for a part of it.
    listed = tuple(DatabaseRef(item.id, item.name, account.id, item.created_at) for item in account.databases())
    return Inventory(settings.project_name, account.id, found, committed(folder), listed, entries(settings))


def entries(settings: Settings) -> tuple[WranglerEntry, ...]:
    """The entries of the wrangler configuration that name a database.

    Raises:
        ConfigError: the file is not what it should be.
    """
    return wrangler_file.bound_entries(wrangler_file.configuration_path(settings.wrangler_config))


def _environment(folder: Path, stack: str, updated: datetime | None) -> StackSummary:
    resources = stacks.resources(stack)
    outputs = next((item.get("outputs") or {} for item in resources if item["type"] == stacks.STACK), {})
    protected = any(item.get("protect") for item in resources)
    try:
        settings = project.settings(folder, stack, needs_account=False)
    except ConfigError as error:
        raise ConfigError(f"whether stack '{stack}' is ephemeral can't be told: {error}") from None
    ttl = "" if settings.protect else str(outputs.get("ttl") or settings.lifetime)
    owned = tuple(_owned(item) for item in resources if item["type"] == stacks.DATABASE)
    return StackSummary(stack, updated, ttl, protected or settings.protect, owned)


def _owned(resource: dict[str, Any]) -> DatabaseRef:
    inputs = resource.get("inputs") or {}
    return DatabaseRef(str(resource["id"]), str(inputs.get("name", "")), str(inputs.get("accountId", "")))
