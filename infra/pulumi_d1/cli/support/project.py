"""The Pulumi project around the current folder, read without Pulumi."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulumi_d1.errors import ConfigError
from pulumi_d1.settings import read_settings
from pulumi_d1.system.files import prefix_errors
from pulumi_d1.system.yaml_text import parse_yaml

if TYPE_CHECKING:
    from pulumi_d1.settings import Settings


def root() -> Path:
    """Return the folder of Pulumi.yaml: the current folder, or the nearest one above it.

    Raises:
        ConfigError: No folder has a Pulumi.yaml.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise ConfigError(f"there is no Pulumi.yaml in {here} or above it: run this inside the project, or 'd1 init' first")


def configured_stacks(folder: Path) -> set[str]:
    """Return the names of the stacks that have a `Pulumi.STACK.yaml` in the project's folder."""
    return {stack_of_file(file.name) for file in folder.glob("Pulumi.*.yaml")}


def stack_of_file(name: str) -> str:
    """Return the stack that a file name such as `Pulumi.dev.yaml` belongs to."""
    return name.removeprefix("Pulumi.").removesuffix(".yaml")


def namespace() -> str:
    """Return the component that `d1 --namespace` names, or `""` for the program's only one."""
    context = click.get_current_context(silent=True)
    return str(context.find_root().params.get("namespace") or "") if context else ""


def settings(folder: Path, stack: str, *, needs_account: bool = True) -> Settings:
    """Return a stack's configuration as `pulumi up` reads it, without its secrets.

    Args:
        stack: The stack's name; the stack need not exist.

    Raises:
        ConfigError: A file or a setting is invalid.
    """
    project = read_mapping(folder / "Pulumi.yaml")
    name = project.get("name")
    if not isinstance(name, str):
        raise ConfigError(f"{folder / 'Pulumi.yaml'}: has no name: give the project one")
    file = folder / f"Pulumi.{stack}.yaml"
    config = _shared(project, name) | (_config(read_mapping(file), file) if file.is_file() else {})
    texts = {key: _text(value) for key, value in config.items() if not isinstance(value, dict)}
    account = os.environ.get("CLOUDFLARE_ACCOUNT_ID") or ("" if needs_account else "none")
    return read_settings(texts, environment=stack, project=name, account_id=account, namespace=namespace())


def read_mapping(file: Path) -> dict[str, Any]:
    """Return the content of a YAML file.

    Raises:
        ConfigError: It is not a mapping in YAML.
    """
    with prefix_errors(file):
        content = parse_yaml(file.read_bytes().decode())
        if not isinstance(content, dict):
            raise ConfigError("has no keys: it should be a YAML mapping")
    return content


def _config(content: dict[str, Any], file: Path) -> dict[str, Any]:
    config = content.get("config") or {}
    if not isinstance(config, dict):
        raise ConfigError(f"{file}: 'config' has no keys: it should be a YAML mapping")
    return {str(key): value for key, value in config.items()}


def _shared(project: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the keys that Pulumi.yaml sets for every stack, as a value or as a declaration with a default."""
    config = project.get("config") or {}
    values = {
        key: value.get("value", value.get("default")) if isinstance(value, dict) else value
        for key, value in (config.items() if isinstance(config, dict) else ())
    }
    return {
        str(key) if ":" in str(key) else f"{name}:{key}": value for key, value in values.items() if value is not None
    }


def _text(value: object) -> str:
    """Return a value as Pulumi passes it to programs."""
    return value if isinstance(value, str) else json.dumps(value)
