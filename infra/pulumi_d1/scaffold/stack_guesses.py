"""The stacks of an existing Worker project, and the configuration of each. Pure."""

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
_POLICY: Final = ("dangerousFiles", "editedFiles", "emptyFiles", "missingFiles", "outOfOrderFiles")
_NOT_PRODUCTION: Final = re.compile(r"(?:^|[-_])(?:dev|development|test|staging|preview)$")


@dataclass(frozen=True, slots=True)
class GuessedStack:
    """A stack for a wrangler environment.

    Attributes:
        environment: The wrangler environment of its binding, or TOP_LEVEL.
        entry: The entry of the database that it will own; None if it gets a new database.
        shared_entry: Its entry, if that names the database of another stack; otherwise None.
    """

    name: str
    environment: str
    entry: WranglerEntry | None
    shared_entry: WranglerEntry | None = None


def entries_of_binding(entries: Sequence[WranglerEntry], binding: str) -> tuple[WranglerEntry, ...]:
    """Return the entries of one binding, because this program manages one.

    Args:
        binding: The binding to choose; empty for the only one.

    Raises:
        ConfigError: The binding does not exist, is ambiguous, or is in one environment twice.
    """
    names = sorted({entry.binding for entry in entries})
    if binding and names and binding not in names:
        raise ConfigError(f"there is no binding '{binding}': the configuration has {', '.join(names)}")
    if not binding and len(names) > 1:
        raise ConfigError(
            f"there are several databases, bound as {', '.join(names)}: choose one with --binding. The others keep "
            "working as before; docs/component.md has a program for several"
        )
    chosen = tuple(entry for entry in entries if entry.binding == (binding or names[0])) if names else ()
    if len({entry.environment for entry in chosen}) < len(chosen):
        raise ConfigError(f"one wrangler environment has the binding '{chosen[0].binding}' twice: remove one")
    return chosen


def guess_stacks(worker: Worker, entries: Sequence[WranglerEntry], top_level: str) -> tuple[GuessedStack, ...]:
    """Return the stacks by name. One for development and one for production are always among them.

    A wrangler environment keeps its name, except that `development` becomes dev and `production` becomes prod. The top
    level becomes dev if an environment is production. Otherwise it is what is deployed, so it becomes prod, unless its
    database does not exist yet or has a name such as `shop-dev`. If several environments share a database, prod owns
    it, or else the first of them.

    Args:
        top_level: The stack of the top level; empty to guess it.

    Raises:
        ConfigError: Two environments would become one stack.
    """
    stacks: dict[str, GuessedStack] = {}
    top = top_level or _top_level_stack(worker, entries)
    production = production_name([top])
    for entry in entries:
        name = _stack_name(entry.environment, production) if entry.environment else top
        if (other := stacks.get(name)) and other.entry:
            raise ConfigError(
                f"{other.entry} and {entry} would both become stack '{name}': name the stack of the top level with "
                "--top-level NAME"
            )
        stacks[name] = GuessedStack(name, entry.environment or TOP_LEVEL, entry)
    if not any(stack.environment == TOP_LEVEL for stack in stacks.values()) and top not in stacks:
        stacks[top] = GuessedStack(top, TOP_LEVEL, None)
    for name, aliases, default in (
        (DEV, _DEVELOPMENT_NAMES, DEVELOPMENT),
        (production, PRODUCTION_NAMES, PRODUCTION_NAMES[-1]),
    ):
        environment = next((alias for alias in aliases if alias in worker.environments), default)
        stacks.setdefault(name, GuessedStack(name, environment, None))
    return _with_one_owner_each([stacks[name] for name in sorted(stacks)])


def shared_config(
    stacks: Sequence[GuessedStack], layout: WranglerEntry, account_id: str, wrangler_config: str
) -> dict[str, str]:
    """Return the keys for Pulumi.yaml, which every stack has, ephemeral ones too. Paths are relative to that file.

    Args:
        layout: Binding and migrations, if no stack has a database yet.
        account_id: The account in the wrangler configuration; empty if it has none.
        wrangler_config: The wrangler configuration; empty if the program finds it without the key.
    """
    entry = next((stack.entry for stack in stacks if stack.entry), layout)
    return _without_empty({"accountId": account_id, "wranglerConfig": wrangler_config, **_layout_config(entry)})


def stack_config(stack: GuessedStack, shared: Mapping[str, str], project: str) -> dict[str, str]:
    """Return the keys for the stack's own file."""
    config: dict[str, str] = {}
    if is_production(stack.name):
        config |= {**dict.fromkeys(_POLICY, "error"), "protect": "true"}
    if stack.environment != stack.name:
        config["wranglerEnvironment"] = stack.environment
    if (entry := stack.entry) is not None:
        default_name = f"{project}-db-{stack.name}"
        config |= _without_empty({
            "adopt": entry.database_id,
            "databaseName": "" if entry.database_name == default_name else entry.database_name,
            "jurisdiction": entry.jurisdiction,
        })  # fmt: skip
        layout = _layout_config(entry)
        # An empty value is the default, even if Pulumi.yaml has another.
        config |= {key: layout.get(key, "") for key in _LAYOUT if layout.get(key, "") != shared.get(key, "")}
    return dict(sorted(config.items()))


def common_project_name(stacks: Sequence[GuessedStack]) -> str:
    """Return the project in the databases' names if all are called [project]-db-[stack], or `""`."""
    names = [(stack.entry.database_name, f"-db-{stack.name}") for stack in stacks if stack.entry]
    projects = {name.removesuffix(end) if name.endswith(end) else "" for name, end in names}
    return projects.pop() if len(projects) == 1 else ""


def _with_one_owner_each(stacks: Sequence[GuessedStack]) -> tuple[GuessedStack, ...]:
    """Let one stack own each database. If two did, destroying one would delete the other's database."""
    owners: dict[str, str] = {}
    for stack in sorted(stacks, key=lambda stack: not is_production(stack.name)):
        if stack.entry and stack.entry.database_id:
            owners.setdefault(stack.entry.database_id, stack.name)
    return tuple(
        replace(stack, entry=None, shared_entry=entry)
        if (entry := stack.entry) and owners.get(entry.database_id, stack.name) != stack.name
        else stack
        for stack in stacks
    )


def _layout_config(entry: WranglerEntry) -> dict[str, str]:
    """Return the keys that are usually the same for all stacks. wrangler's defaults are ours too."""
    return _without_empty({
        "binding": "" if entry.binding == "DB" else entry.binding,
        "migrationsDir": "" if entry.migrations_dir == "migrations" else entry.migrations_dir,
        "migrationsPattern": entry.migrations_pattern,
        "migrationsTable": "" if entry.migrations_table == "d1_migrations" else entry.migrations_table,
    })  # fmt: skip


def _without_empty(config: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in config.items() if value}


def _stack_name(environment: str, production: str = PROD) -> str:
    if is_production(environment):
        return production
    return DEV if environment in _DEVELOPMENT_NAMES else environment


def _top_level_stack(worker: Worker, entries: Sequence[WranglerEntry]) -> str:
    names = {_stack_name(environment) for environment in worker.environments}
    if PROD in names:
        return DEV
    if DEV in names:
        return PROD
    entry = next((entry for entry in entries if not entry.environment), None)
    is_deployed = entry is not None and entry.database_id and not _NOT_PRODUCTION.search(entry.database_name)
    return PROD if is_deployed else DEV
