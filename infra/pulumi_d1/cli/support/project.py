"""The Pulumi project around the current folder, read without Pulumi."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from pulumi_d1.errors import ConfigError
from pulumi_d1.settings import read_settings

if TYPE_CHECKING:
    from pulumi_d1.settings import Settings


def root() -> Path:
    """The folder of Pulumi.yaml: this one, or the nearest above it.

    Raises:
        ConfigError: there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise ConfigError(f"there is no Pulumi.yaml in {here} or above it: run this inside of the project")


def namespace() -> str:
    """The component of a larger program that the command is for, as `d1 --namespace` says; empty for the only one."""
    context = click.get_current_context(silent=True)
    return str(context.find_root().params.get("namespace") or "") if context else ""


def settings(folder: Path, stack: str, *, needs_account: bool = True) -> Settings:
    """What `stack` is configured with, as `pulumi up` would read it; secrets aside, which are not ours.

    Args:
        folder: of Pulumi.yaml.
        stack: name of the stack.
        needs_account: whether a missing account is a mistake.

    Raises:
        ConfigError: a file is not what it should be, or a setting is wrong.
    """
    project = _mapping(folder / "Pulumi.yaml")
    name = project.get("name")
    if not isinstance(name, str):
        raise ConfigError(f"{folder / 'Pulumi.yaml'}: has no name: give the project one")
    file = folder / f"Pulumi.{stack}.yaml"
    config = _shared(project, name) | (_mapping(file).get("config") or {} if file.is_file() else {})
    texts = {key: _text(value) for key, value in config.items() if not isinstance(value, dict)}
    account = texts.get("cloudflare:accountId") or os.environ.get("CLOUDFLARE_ACCOUNT_ID")
    account = account or ("" if needs_account else "none")
    return read_settings(texts, environment=stack, project=name, account_id=account, namespace=namespace())


def _mapping(file: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: is not valid YAML: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{file}: holds no keys: it should be a YAML mapping")
    return found


def _shared(project: dict[str, Any], name: str) -> dict[str, Any]:
    """What Pulumi.yaml says for every stack: a key with a value, or one that is declared with a value or a default."""
    found = project.get("config") or {}
    values = {
        key: value.get("value", value.get("default")) if isinstance(value, dict) else value
        for key, value in (found.items() if isinstance(found, dict) else ())
    }
    return {
        str(key) if ":" in str(key) else f"{name}:{key}": value for key, value in values.items() if value is not None
    }


def _text(value: object) -> str:
    """A value as Pulumi hands it to programs."""
    return value if isinstance(value, str) else json.dumps(value)
