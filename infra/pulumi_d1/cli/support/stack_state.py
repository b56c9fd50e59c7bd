"""A stack of the project, by way of the pulumi command: what its state keeps, and its configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from pulumi_d1.cli.support.project import namespace
from pulumi_d1.cli.support.pulumi_process import ask
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.past.history import Application, from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.cloudflare.database import D1Api

_MIGRATIONS: Final = "pulumi-python:dynamic/d1:Migrations"
_ENVIRONMENT: Final = "d1:index:Environment"
DATABASE: Final = "cloudflare:index/d1Database:D1Database"
STACK: Final = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Stack:
    """What the state of one stack knows.

    Attributes:
        name: of the stack.
        outputs: inputs and outputs of its migrations; see pulumi_d1.program.
        protected: whether Pulumi refuses to delete the database.
    """

    name: str
    outputs: Mapping[str, Any]
    protected: bool

    @property
    def database_name(self) -> str:
        """Name of its database."""
        return str(self.outputs["database_name"])

    @property
    def history(self) -> tuple[Application, ...]:
        """What it has applied, oldest first; a state from before there was a history has none."""
        return tuple(map(from_json, self.outputs.get("history") or ()))

    def database(self) -> D1Api:
        """Its database, with the token in CLOUDFLARE_API_TOKEN.

        Raises:
            ConfigError: there is no token.
        """
        from pulumi_d1.cloudflare.database import connect
        from pulumi_d1.cloudflare.retry import Retry

        retry = Retry(partial(click.echo, err=True))
        return connect(self.outputs["account_id"], self.outputs["database_id"], retry=retry)


def read(name: str) -> Stack:
    """The stack from Pulumi's state.

    Raises:
        ConfigError: there is no such stack, or it has no migrations yet.
    """
    found = _one(name, _MIGRATIONS)
    if found is None:
        raise ConfigError(f"stack '{name}' has no database yet: run 'pulumi up --stack {name}'")
    return Stack(name, found["outputs"], bool(found.get("protect")))


def checksums(name: str) -> dict[str, str]:
    """SHA-256 of each file that the stack has applied, by its name; empty before its first run.

    Raises:
        ConfigError: there is no such stack.
    """
    found = _one(name, _MIGRATIONS)
    return dict(found["outputs"].get("checksums") or {}) if found else {}


def database_id(name: str) -> str:
    """UUID of the database that the stack owns; empty when it owns none.

    Raises:
        ConfigError: there is no such stack.
    """
    found = _one(name, DATABASE)
    return str(found["id"]) if found else ""


def configure(name: str, key: str, value: str) -> None:
    """Writes a key of the stack's configuration, or takes it out where `value` is empty.

    Raises:
        ConfigError: pulumi refuses.
    """
    space = namespace()
    full = f"{space}:{key}" if space else key
    arguments = ("set", "--stack", name, "--", full, value) if value else ("rm", "--stack", name, full)
    ask("config", *arguments)


def names() -> list[str]:
    """Names of the project's stacks, sorted.

    Raises:
        ConfigError: pulumi is not on PATH, or refuses.
    """
    return sorted(updated())


def updated() -> dict[str, datetime | None]:
    """When each of the project's stacks was last run, without changes too; None for one that never was.

    Raises:
        ConfigError: as `names`.
    """
    listed = json.loads(ask("stack", "ls", "--json"))
    times = {item["name"]: item.get("lastUpdate") for item in listed}
    return {name: datetime.fromisoformat(time) if time else None for name, time in times.items()}


def environments(name: str) -> list[dict[str, Any]]:
    """The outputs of each environment in the stack, or of the one that is named; none before its first run.

    Raises:
        ConfigError: there is no such stack.
    """
    found = [item for item in resources(name) if item["type"] == _ENVIRONMENT]
    named = [item.get("outputs") or {} for item in found if namespace() in {"", item["urn"].rpartition("::")[2]}]
    return [outputs for outputs in named if "database_id" in outputs]


def migrated(name: str) -> list[dict[str, Any]]:
    """Inputs and outputs of the migrations of each environment in the stack, or of the one that is named.

    An environment whose first run failed half way is among them.

    Raises:
        ConfigError: there is no such stack.
    """
    found = [item for item in resources(name) if item["type"] == _MIGRATIONS]
    return [item["outputs"] for item in found if namespace() in {"", _component(item)}]


def _one(name: str, kind: str) -> dict[str, Any] | None:
    """The resource of a type of which an environment has one; None where there is none.

    Raises:
        ConfigError: there is no such stack, or it has several environments and none is named.
    """
    found = {_component(item): item for item in resources(name) if item["type"] == kind}
    if chosen := namespace():
        return found.get(chosen)
    if len(found) > 1:
        raise ConfigError(
            f"stack '{name}' has several databases, in {', '.join(found)}: name one, as in "
            f"'d1 --namespace {next(iter(found))} {click.get_current_context().info_name} ...'"
        )
    return next(iter(found.values()), None)


def _component(item: Mapping[str, Any]) -> str:
    """Name of the environment that a resource belongs to."""
    return str(item.get("parent", "")).rpartition("::")[2]


def resources(name: str) -> list[dict[str, Any]]:
    """What the state of the stack keeps of each resource, as Pulumi exports it.

    Raises:
        ConfigError: there is no such stack.
    """
    # Not an output of the stack: Pulumi would print 50 entries of history after each run.
    try:
        deployment = json.loads(ask("stack", "export", "--stack", name))["deployment"]
    except ConfigError:
        if name in (known := names()):
            raise
        raise ConfigError(
            f"there is no stack '{name}': this project has {', '.join(known) or 'none'}; name one with --stack, or "
            f"make it: 'pulumi stack init {name} && pulumi up --stack {name}'"
        ) from None
    found: list[dict[str, Any]] = deployment.get("resources") or []
    return found
