"""A stack of the project, by way of the pulumi command: what its state keeps, and its configuration."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from infra.cli.progress import waiting
from infra.cli.project import namespace
from infra.errors import ConfigError
from infra.migrations.past.history import Application, from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.cloudflare.database import D1Api

_MIGRATIONS: Final = "pulumi-python:dynamic/d1:Migrations"
_ENVIRONMENT: Final = "d1:index:Environment"
_DATABASE: Final = "cloudflare:index/d1Database:D1Database"


@dataclass(frozen=True, slots=True)
class Stack:
    """What the state of one stack knows.

    Attributes:
        name: of the stack.
        outputs: inputs and outputs of its migrations; see infra.program.
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
        from infra.cloudflare.database import connect
        from infra.retry import Retry

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
    found = _one(name, _DATABASE)
    return str(found["id"]) if found else ""


def configure(name: str, key: str, value: str) -> None:
    """Writes a key of the stack's configuration, or takes it out where `value` is empty.

    Raises:
        ConfigError: pulumi refuses.
    """
    space = namespace()
    full = f"{space}:{key}" if space else key
    arguments = ("set", "--stack", name, "--", full, value) if value else ("rm", "--stack", name, full)
    _run("config", *arguments)


def names() -> list[str]:
    """Names of the project's stacks, sorted.

    Raises:
        ConfigError: pulumi is not on PATH, or refuses.
    """
    return sorted(stack["name"] for stack in json.loads(_run("stack", "ls", "--json")))


def environments(name: str) -> list[dict[str, Any]]:
    """The outputs of each environment in the stack, or of the one that is named; none before its first run.

    Raises:
        ConfigError: there is no such stack.
    """
    found = [item for item in _resources(name) if item["type"] == _ENVIRONMENT]
    named = [item.get("outputs") or {} for item in found if namespace() in {"", item["urn"].rpartition("::")[2]}]
    return [outputs for outputs in named if "database_id" in outputs]


def migrated(name: str) -> list[dict[str, Any]]:
    """Inputs and outputs of the migrations of each environment in the stack, or of the one that is named.

    An environment whose first run failed half way is among them.

    Raises:
        ConfigError: there is no such stack.
    """
    found = [item for item in _resources(name) if item["type"] == _MIGRATIONS]
    return [item["outputs"] for item in found if namespace() in {"", _component(item)}]


def _one(name: str, kind: str) -> dict[str, Any] | None:
    """The resource of a type of which an environment has one; None where there is none.

    Raises:
        ConfigError: there is no such stack, or it has several environments and none is named.
    """
    resources = [item for item in _resources(name) if item["type"] == kind]
    found = {_component(item): item for item in resources}
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


def _resources(name: str) -> list[dict[str, Any]]:
    # Not an output of the stack: Pulumi would print 50 entries of history after each run.
    deployment = json.loads(_run("stack", "export", "--stack", name))["deployment"]
    found: list[dict[str, Any]] = deployment.get("resources") or []
    return found


def _run(*arguments: str) -> str:
    try:
        with waiting(f"pulumi {' '.join(arguments[:2])}"):
            done = subprocess.run(  # noqa: S603 - the user's own stack
                ["pulumi", "--non-interactive", *arguments],  # noqa: S607 - the user's own
                capture_output=True,
                text=True,
                check=True,
            )
    except FileNotFoundError:
        command = click.get_current_context().info_name
        raise ConfigError(
            f"pulumi is not on PATH: run this as 'd1 local -- d1 {command} ...', or install Pulumi"
        ) from None
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"pulumi {' '.join(arguments)} failed: {error.stderr.strip()}") from None
    return done.stdout
