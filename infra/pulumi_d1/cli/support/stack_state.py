"""A stack's state and configuration, read and written with the pulumi command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from pulumi_d1.cli.support.project import namespace
from pulumi_d1.cli.support.pulumi_process import capture, capture_json
from pulumi_d1.cli.support.stack_token import stack_token
from pulumi_d1.cloudflare.database import connect
from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.past.history import Application, application_from_json
from pulumi_d1.migrations.run.options import options_from_json
from pulumi_d1.program import tokens
from pulumi_d1.wrangler.entry import WranglerEntry, entry_from

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import timedelta

    from pulumi_d1.cloudflare.database import D1Api


class _Part(Protocol):
    @property
    def component(self) -> str: ...


_AnyPart = TypeVar("_AnyPart", bound=_Part)


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A D1 database that the stack owns.

    Attributes:
        component: The D1Environment that created it.
        id: UUID.
    """

    component: str
    id: str
    name: str
    account_id: str


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """A D1Environment whose migrations have run, if only in part.

    Attributes:
        migrations_dir: Folder of the migrations, relative to Pulumi.yaml.
        migrations_pattern: Glob of the migrations, relative to Pulumi.yaml; empty for the default.
        retention: Time for which Cloudflare keeps bookmarks.
        checksums: SHA-256 of each applied file, by name.
        history: Applied files, oldest first.
        bookmark_expires: ISO time at which the last run's bookmark expires.
        protected: True if Pulumi refuses to delete the database.
        wrangler_entries: Its entry in each wrangler configuration; none before a run has completed.
    """

    stack: str
    component: str
    account_id: str
    database_id: str
    database_name: str
    migrations_dir: str
    migrations_pattern: str
    migrations_table: str
    retention: timedelta
    checksums: Mapping[str, str]
    history: tuple[Application, ...]
    bookmark_expires: str
    protected: bool
    wrangler_entries: tuple[WranglerEntry, ...]

    def database(self) -> D1Api:
        """Return the database, opened with the stack's token.

        Raises:
            ConfigError: The token is missing, or pulumi cannot decrypt it.
        """
        return connect(self.account_id, self.database_id, token=stack_token(self.stack))


@dataclass(frozen=True, slots=True)
class StackState:
    """The state of one stack.

    Attributes:
        ttl: The stack's output of that name; empty if it has none.
        protected: True if Pulumi refuses to delete one of its resources.
    """

    ttl: str
    protected: bool
    databases: tuple[DatabaseState, ...]
    environments: tuple[EnvironmentState, ...]


def read_stack(stack: str) -> StackState:
    """Return the state of a stack; an empty one before its first run.

    Raises:
        ConfigError: The stack does not exist.
    """
    resources = _export(stack)
    outputs = {item["urn"]: item.get("outputs") or {} for item in resources}
    protected = {_component(item) for item in resources if item["type"] == tokens.DATABASE and item.get("protect")}
    environments = {
        _component(item): _environment(stack, item, outputs[item["parent"]], protected)
        for item in resources
        if item["type"] == tokens.MIGRATIONS
    }
    return StackState(
        ttl=next((outputs[item["urn"]].get("ttl", "") for item in resources if item["type"] == tokens.STACK), ""),
        protected=any(item.get("protect") for item in resources),
        databases=tuple(_database(item) for item in resources if item["type"] == tokens.DATABASE),
        environments=tuple(environments.values()),
    )


def read_environments(stack: str) -> tuple[EnvironmentState, ...]:
    """Return the stack's environments, or the one that `d1 --namespace` names; none before the first run.

    Raises:
        ConfigError: The stack does not exist.
    """
    return tuple(item for item in read_stack(stack).environments if namespace() in {"", item.component})


def read_environment(stack: str) -> EnvironmentState:
    """Return the stack's only environment, or the one that `d1 --namespace` names.

    Raises:
        ConfigError: The stack does not exist, has no database, or has several and none is named.
    """
    environment = find_one(stack, read_stack(stack).environments)
    if environment is None:
        raise ConfigError(f"stack '{stack}' has no database yet: run 'pulumi up --stack {stack}'")
    return environment


def find_one(stack: str, parts: Iterable[_AnyPart]) -> _AnyPart | None:
    """Return the only part of a stack's state, or that of the environment that `d1 --namespace` names.

    Raises:
        ConfigError: Several environments have such a part, and none is named.
    """
    by_component = {part.component: part for part in parts}
    if chosen := namespace():
        return by_component.get(chosen)
    if len(by_component) > 1:
        raise ConfigError(
            f"stack '{stack}' has several databases, in {', '.join(by_component)}: name one, as in "
            f"'d1 --namespace {next(iter(by_component))} {click.get_current_context().info_name} ...'"
        )
    return next(iter(by_component.values()), None)


def applied_checksums(stacks: Collection[str]) -> dict[str, Mapping[str, str]]:
    """Return the checksums of the files that each stack has applied. A stack without a state is left out.

    Raises:
        ConfigError: pulumi is not on PATH, or refuses.
    """
    states = {stack: find_one(stack, read_stack(stack).environments) for stack in stack_names() if stack in stacks}
    return {stack: state.checksums for stack, state in states.items() if state}


def configure(stack: str, key: str, value: str) -> None:
    """Set a key of the stack's configuration, or remove it if `value` is empty.

    Raises:
        ConfigError: pulumi refuses.
    """
    space = namespace()
    full_key = f"{space}:{key}" if space else key
    arguments = ("set", "--stack", stack, "--", full_key, value) if value else ("rm", "--stack", stack, full_key)
    capture("config", *arguments)


def last_updates() -> dict[str, datetime | None]:
    """Return the time of each stack's last run, by the stack's name.

    None stands for a stack that has never run, and on Pulumi Cloud also for one that is running now.

    Raises:
        ConfigError: pulumi is not on PATH, or refuses.
    """
    times = {item["name"]: item.get("lastUpdate") for item in capture_json("stack", "ls", "--json")}
    return {stack: datetime.fromisoformat(times[stack]) if times[stack] else None for stack in sorted(times)}


def stack_names() -> list[str]:
    """Return the names of the project's stacks, sorted.

    Raises:
        ConfigError: pulumi is not on PATH, or refuses.
    """
    return list(last_updates())


def refuse_unknown(chosen: Iterable[str], names: Collection[str]) -> None:
    """Refuse a chosen stack that does not exist.

    Raises:
        ConfigError: It does not exist.
    """
    if unknown := [name for name in chosen if name not in names]:
        raise ConfigError(
            f"there is no stack '{escape_line(unknown[0])}': this project has {', '.join(names) or 'none'}"
        )


def _export(stack: str) -> list[dict[str, Any]]:
    """Return the resources in a stack's state, as Pulumi exports them."""
    # The outputs of the stack lack the history: Pulumi would print its 50 entries after each run.
    try:
        resources = capture_json("stack", "export", "--stack", stack)["deployment"].get("resources")
    except ConfigError:
        if stack in (names := stack_names()):
            raise
        shown = escape_line(stack)
        raise ConfigError(
            f"there is no stack '{shown}': this project has {', '.join(names) or 'none'}; choose one with --stack, or "
            f"create it: 'pulumi stack init {shown} && pulumi up --stack {shown}'"
        ) from None
    return list(resources or ())


def _environment(
    stack: str, resource: Mapping[str, Any], component: Mapping[str, Any], protected: set[str]
) -> EnvironmentState:
    outputs, name = resource["outputs"], _component(resource)
    return EnvironmentState(
        stack=stack,
        component=name,
        account_id=outputs["account_id"],
        database_id=outputs["database_id"],
        database_name=outputs["database_name"],
        migrations_dir=outputs["migrations_dir"],
        migrations_pattern=outputs["migrations_pattern"],
        migrations_table=outputs["migrations_table"],
        retention=options_from_json(outputs["run"]).retention,
        checksums=outputs["checksums"],
        history=tuple(map(application_from_json, outputs["history"])),
        bookmark_expires=outputs["bookmark"]["expires"],
        protected=name in protected,
        wrangler_entries=tuple(map(entry_from, component.get("wrangler_entries", ()))),
    )


def _database(resource: Mapping[str, Any]) -> DatabaseState:
    inputs = resource.get("inputs") or {}
    return DatabaseState(_component(resource), str(resource["id"]), inputs.get("name", ""), inputs.get("accountId", ""))


def _component(resource: Mapping[str, Any]) -> str:
    """Return the name of the component that a resource belongs to."""
    return str(resource.get("parent", "")).rpartition("::")[2]
