"""Which stacks an existing Worker project gets, and how each is configured. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.naming import DEVELOPMENT, PRODUCTION_NAMES, is_production, production_name
from pulumi_d1.settings import TOP_LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.worker import Worker

DEV, PROD = DEVELOPMENT, PRODUCTION_NAMES[0]
_DEVELOPMENT_NAMES: Final = (DEVELOPMENT, "development")
_LAYOUT: Final = ("binding", "migrationsDir", "migrationsPattern", "migrationsTable")
_POLICY: Final = ("dangerousFiles", "editedFiles", "missingFiles", "outOfOrderFiles")
_NO_PRODUCTION: Final = re.compile(r"(?:^|[-_])(?:dev|development|test|staging|preview)$")


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack.

    Attributes:
        name: of the stack.
        environment: wrangler environment of its binding, or TOP_LEVEL.
        entry: the database that it has already; None where there is none.
        borrows: the entry that names another stack's database; None where there is none.
    """

    name: str
    environment: str
    entry: WranglerEntry | None
    borrows: WranglerEntry | None = None


def one_binding(entries: Sequence[WranglerEntry], binding: str) -> tuple[WranglerEntry, ...]:
    """The entries of the one binding that a program of this kind keeps.

    Args:
        entries: of the whole configuration.
        binding: the one that was asked for; empty to find it out.

    Raises:
        ConfigError: there is no such binding, or more than one to choose from, or it is there twice.
    """
    names = sorted({entry.binding for entry in entries})
    if binding and names and binding not in names:
        raise ConfigError(f"there is no binding '{binding}': there are {', '.join(names)}")
    if not binding and len(names) > 1:
        raise ConfigError(
            f"there are several databases, bound as {', '.join(names)}: name one with --binding. The others stay as "
            "they are; docs/component.md has a program for several"
        )
    chosen = tuple(entry for entry in entries if entry.binding == (binding or names[0])) if names else ()
    if len({entry.environment for entry in chosen}) < len(chosen):
        raise ConfigError(f"the binding '{chosen[0].binding}' is there twice in one wrangler environment")
    return chosen


def stacks_of(worker: Worker, entries: Sequence[WranglerEntry], top_level: str) -> tuple[Stack, ...]:
    """The stacks, dev and prod among them.

    wrangler's environments keep their names, but for development and production. The top level is dev beside an
    environment for production. Otherwise it is what is deployed, and so prod, unless its database does not exist or its
    name says something else. A database that several environments share is prod's, or else the first one's.

    Args:
        worker: the configuration.
        entries: those of the one binding.
        top_level: the stack of the top level that was asked for; empty to find it out.

    Raises:
        ConfigError: two environments would be one stack.
    """
    found: dict[str, Stack] = {}
    top = top_level or _of_top_level(worker, entries)
    production = production_name([top])
    for entry in entries:
        name = _stack_name(entry.environment, production) if entry.environment else top
        if (other := found.get(name)) and other.entry:
            raise ConfigError(
                f"{other.entry} and {entry} would both be stack '{name}': name the stack of the top level with "
                "--top-level NAME"
            )
        found[name] = Stack(name, entry.environment or TOP_LEVEL, entry)
    if not any(stack.environment == TOP_LEVEL for stack in found.values()) and top not in found:
        found[top] = Stack(top, TOP_LEVEL, None)
    for name, aliases, default in (
        (DEV, _DEVELOPMENT_NAMES, DEVELOPMENT),
        (production, PRODUCTION_NAMES, PRODUCTION_NAMES[-1]),
    ):
        environment = next((alias for alias in aliases if alias in worker.environments), default)
        found.setdefault(name, Stack(name, environment, None))
    return _each_its_own([found[name] for name in sorted(found)])


def shared_config(
    stacks: Sequence[Stack], layout: WranglerEntry, account_id: str, wrangler_config: str
) -> dict[str, str]:
    """Keys for Pulumi.yaml: what every stack has, ephemeral ones too. Paths are as seen from there.

    Args:
        stacks: of the project.
        layout: binding and migrations where no stack has a database yet.
        account_id: from the configuration; empty where it has none.
        wrangler_config: the configuration; empty where the program finds it by itself.
    """
    known = next((stack.entry for stack in stacks if stack.entry), layout)
    return _set({"accountId": account_id, "wranglerConfig": wrangler_config, **_of_entry(known)})


def stack_config(stack: Stack, shared: Mapping[str, str], project: str) -> dict[str, str]:
    """Keys for the stack's own file.

    Args:
        stack: one of them.
        shared: what Pulumi.yaml says already.
        project: first part of databases' names.
    """
    config: dict[str, str] = {}
    if is_production(stack.name):
        config |= {**dict.fromkeys(_POLICY, "error"), "protect": "true"}
    if stack.environment != stack.name:
        config["wranglerEnvironment"] = stack.environment
    if (entry := stack.entry) is not None:
        usual = f"{project}-db-{stack.name}"
        config |= _set({
            "adopt": entry.database_id,
            "databaseName": "" if entry.database_name == usual else entry.database_name,
            "jurisdiction": entry.jurisdiction,
        })  # fmt: skip
        own = _of_entry(entry)
        # An empty value is the default, also where Pulumi.yaml says something else.
        config |= {key: own.get(key, "") for key in _LAYOUT if own.get(key, "") != shared.get(key, "")}
    return dict(sorted(config.items()))


def common_prefix(stacks: Sequence[Stack]) -> str:
    """The project's part of the databases' names, where all of them follow [project]-db-[stack]; empty otherwise."""
    named = [(stack.entry.database_name, f"-db-{stack.name}") for stack in stacks if stack.entry]
    prefixes = {name.removesuffix(end) if name.endswith(end) else "" for name, end in named}
    return prefixes.pop() if len(prefixes) == 1 else ""


def _each_its_own(stacks: Sequence[Stack]) -> tuple[Stack, ...]:
    """The stacks, of which no two own one database: to destroy the one would take it from the other."""
    owners: dict[str, str] = {}
    for stack in sorted(stacks, key=lambda stack: not is_production(stack.name)):
        if stack.entry and stack.entry.database_id:
            owners.setdefault(stack.entry.database_id, stack.name)
    return tuple(
        replace(stack, entry=None, borrows=entry)
        if (entry := stack.entry) and owners.get(entry.database_id, stack.name) != stack.name
        else stack
        for stack in stacks
    )


def _of_entry(entry: WranglerEntry) -> dict[str, str]:
    """Keys that most often are the same for all stacks; wrangler's defaults are ours."""
    return _set({
        "binding": "" if entry.binding == "DB" else entry.binding,
        "migrationsDir": "" if entry.migrations_dir == "migrations" else entry.migrations_dir,
        "migrationsPattern": entry.migrations_pattern,
        "migrationsTable": "" if entry.migrations_table == "d1_migrations" else entry.migrations_table,
    })  # fmt: skip


def _set(config: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in config.items() if value}


def _stack_name(environment: str, production: str = PROD) -> str:
    if is_production(environment):
        return production
    return DEV if environment in _DEVELOPMENT_NAMES else environment


def _of_top_level(worker: Worker, entries: Sequence[WranglerEntry]) -> str:
    named = {_stack_name(environment) for environment in worker.environments}
    entry = next((entry for entry in entries if not entry.environment), None)
    if PROD in named:
        return DEV
    if DEV in named:
        return PROD
    exists = entry is not None and entry.database_id and not _NO_PRODUCTION.search(entry.database_name)
    return PROD if exists else DEV
