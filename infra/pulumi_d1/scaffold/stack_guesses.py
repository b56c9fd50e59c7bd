"""The stacks of an existing Worker project, and the configuration of each. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.naming import DEVELOPMENT, MAX_LENGTH, PRODUCTION_NAMES, is_production, production_name
from pulumi_d1.scaffold.roles import Role, other_word, role_of
from pulumi_d1.settings import NONE, TOP_LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.worker import Worker

DEV, PROD = DEVELOPMENT, PRODUCTION_NAMES[0]
SPARE: Final = "default"
"""Stack of a database at the top level that is neither development's nor production's."""

_DEVELOPMENT_NAMES: Final = (DEVELOPMENT, "development")
_PREVIEW: Final = "preview"
_LAYOUT: Final = ("binding", "migrationsDir", "migrationsPattern", "migrationsTable")
_POLICY: Final = ("dangerousFiles", "editedFiles", "emptyFiles", "missingFiles", "outOfOrderFiles")


@dataclass(frozen=True, slots=True)
class GuessedStack:
    """A stack for a wrangler environment.

    Attributes:
        environment: The wrangler environment of its binding, or TOP_LEVEL.
        entry: The entry of the database that it will own; None if it gets a new database.
        shared_entry: Its entry, if that names the database of another stack; otherwise None.
        protected: True if it is production's.
        doubt: The reason for the choice of its environment, if another choice is possible; otherwise empty.
    """

    name: str
    environment: str
    entry: WranglerEntry | None
    shared_entry: WranglerEntry | None = None
    protected: bool = False
    doubt: str = ""


def entries_of_binding(entries: Sequence[WranglerEntry], binding: str) -> tuple[WranglerEntry, ...]:
    """Return the entries of one database for each environment, because this program manages one.

    Args:
        binding: The binding to choose; empty for the only one, whose name may differ between environments.

    Raises:
        ConfigError: The binding does not exist, is ambiguous, or is in one environment twice.
    """
    names = sorted({entry.binding for entry in entries})
    has_several = len({entry.environment for entry in entries}) < len(entries)
    if binding and names and binding not in names:
        raise ConfigError(f"there is no binding '{binding}': the configuration has {', '.join(names)}")
    if not binding and has_several and len(names) > 1:
        raise ConfigError(
            f"there are several databases, bound as {_bindings(entries)}: choose one with --binding. The others keep "
            "working as before; 'd1 explain component' shows a program for several"
        )
    chosen = tuple(entry for entry in entries if not binding or entry.binding == binding)
    if len({entry.environment for entry in chosen}) < len(chosen):
        raise ConfigError(f"one wrangler environment has the binding '{chosen[0].binding}' twice: remove one")
    return chosen


def _bindings(entries: Sequence[WranglerEntry]) -> str:
    """Return the bindings by name, each with the names of its databases."""
    databases: dict[str, dict[str, None]] = {}
    for entry in sorted(entries, key=lambda entry: entry.binding):
        databases.setdefault(entry.binding, {}).update({entry.database_name: None} if entry.database_name else {})
    return ", ".join(f"{binding} ({', '.join(named)})" if named else binding for binding, named in databases.items())


def guess_stacks(
    worker: Worker, entries: Sequence[WranglerEntry], top_level: str, production_environment: str = ""
) -> tuple[GuessedStack, ...]:
    """Return the stacks by name. One for development and one for production are always among them.

    The names of environments, or else of their databases, decide which is production's and which development's. All
    other environments keep their names. The top level becomes dev if an environment is production. Otherwise it is what
    is deployed, so it becomes prod, unless its database does not exist yet or has a name such as `shop-dev`. Beside an
    environment for each, it gets a stack of its own if it has a database of its own. If several environments share a
    database, prod owns it, or else the first of them.

    Args:
        top_level: The stack of the top level, or NONE to leave its database alone; empty to guess it.
        production_environment: The wrangler environment of production; empty to guess it.

    Raises:
        ConfigError: Two environments would become one stack, or an environment does not exist.
    """
    environments = _Environments.of(worker, entries, production_environment)
    top, doubt = (top_level, "") if top_level else _top_level_stack(environments)
    production = production_name([top])
    stacks: dict[str, GuessedStack] = {}
    for entry in entries:
        if not entry.environment and top == NONE:
            continue
        name = environments.stack_of(entry.environment, production) if entry.environment else top
        if (other := stacks.get(name)) and other.entry:
            raise ConfigError(
                f"{other.entry} and {entry} would both become stack '{name}': name the stack of the top level with "
                "--top-level NAME"
            )
        stacks[name] = GuessedStack(
            name,
            entry.environment or TOP_LEVEL,
            entry,
            protected=is_production(name) or Role.PRODUCTION in {role_of(name), _role(entry)},
            doubt=environments.production_doubt if entry.environment == environments.production else "",
        )
        if not entry.environment:
            stacks[name] = replace(stacks[name], doubt=doubt)
    if top not in {NONE, *stacks} and not any(not entry.environment for entry in entries):
        stacks[top] = GuessedStack(top, TOP_LEVEL, None, protected=is_production(top))
    for name, environment in ((DEV, environments.place_of_development), (production, environments.place_of_production)):
        stacks.setdefault(name, GuessedStack(name, environment, None, protected=name == production))
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
    if stack.protected:
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


def short_project_name(project: str) -> str:
    """Return the project's name, cut if the names of a pull request's databases would be too long with it."""
    longest = MAX_LENGTH - len("-db-pr-99999")
    return project[:longest].rstrip("-_") if len(project) > longest else project


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


@dataclass(frozen=True, slots=True)
class _Environments:
    """The wrangler environments of a project.

    Attributes:
        entries: The entry of each environment that has one, by name; empty for the top level.
        production: The environment of production; empty if none is.
        development: The environment of development; empty if none is.
        production_doubt: The reason for the choice of production, if several are possible.
    """

    entries: Mapping[str, WranglerEntry]
    production: str
    development: str
    production_doubt: str
    is_pages: bool

    @classmethod
    def of(cls, worker: Worker, entries: Sequence[WranglerEntry], production: str) -> _Environments:
        """Find production and development among the environments.

        Raises:
            ConfigError: There is no environment `production`.
        """
        by_name = {entry.environment: entry for entry in entries}
        if production and production not in worker.environments:
            names = ", ".join(worker.environments) or "none"
            raise ConfigError(f"there is no wrangler environment '{production}': the configuration has {names}")
        roles = {
            name: role_of(name, by_name[name].database_name if name in by_name else "") for name in worker.environments
        }

        def candidates(role: Role, usual: Sequence[str]) -> list[str]:
            """Return the environments with a role: those with a database first, and of these the usual names first."""
            names = [name for name in roles if roles[name] is role]
            return sorted(
                names, key=lambda name: (name not in by_name, usual.index(name) if name in usual else len(usual))
            )

        productions = [production] if production else candidates(Role.PRODUCTION, PRODUCTION_NAMES)
        developments = candidates(Role.DEVELOPMENT, _DEVELOPMENT_NAMES)
        if worker.is_pages and _PREVIEW in roles:
            developments = [_PREVIEW]
        doubt = ""
        if len(productions) > 1 and productions[0] not in PRODUCTION_NAMES:
            doubt = f"{' and '.join(productions)} could both be production; --production NAME chooses"
        return cls(by_name, next(iter(productions), ""), next(iter(developments), ""), doubt, worker.is_pages)

    @property
    def place_of_development(self) -> str:
        """The environment for development, if no environment has its database."""
        return self.development or (_PREVIEW if self.is_pages else DEVELOPMENT)

    @property
    def place_of_production(self) -> str:
        """The environment for production, if no environment has its database."""
        return self.production or PRODUCTION_NAMES[-1]

    def stack_of(self, environment: str, production: str) -> str:
        """Return the stack of an environment; `production` is the name of production's."""
        if environment == self.production:
            return production
        return DEV if environment == self.development else environment


def _top_level_stack(environments: _Environments) -> tuple[str, str]:
    """Return the stack of the top level, NONE to leave its database alone, and the doubt about it."""
    entries, production, development = environments.entries, environments.production, environments.development
    top = entries.get("")
    if top is None:
        is_deployed = not production and (development or environments.is_pages)
        return (PROD if is_deployed else DEV), ""
    stack, doubt = _purpose_of_top_level(top, environments)
    rival = production if stack == PROD else development
    if not rival or rival not in entries:
        return stack, doubt
    if not top.database_id or any(name and item.database_id == top.database_id for name, item in entries.items()):
        return (NONE if development and development in entries else DEV), ""
    word = other_word(top.database_name)
    return (word if word and word not in entries else SPARE), f"{rival} has a database for the stack '{stack}'"


def _purpose_of_top_level(top: WranglerEntry, environments: _Environments) -> tuple[str, str]:
    """Return the stack of the top level's database if no environment has one for it, and the doubt about it."""
    production = environments.production
    match role_of(top.database_name):
        case Role.PRODUCTION:
            return PROD, ""
        case Role.DEVELOPMENT | Role.OTHER:
            return DEV, ""
    if production:
        return DEV, "" if production in environments.entries else f"{production} has no database, and inherits none"
    if environments.development:
        return PROD, ""
    if top.database_id:
        return PROD, "no name shows its purpose, and 'wrangler deploy' deploys it"
    return DEV, "no name shows its purpose, and it has no id yet"


def _role(entry: WranglerEntry) -> Role:
    return role_of(entry.environment, entry.database_name)
