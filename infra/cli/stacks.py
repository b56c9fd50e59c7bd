"""The stacks of the project, as pulumi tells of them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from infra.errors import ConfigError


def names() -> list[str]:
    """Names of the stacks, sorted.

    Raises:
        ConfigError: pulumi is not on PATH, or refuses.
    """
    return sorted(stack["name"] for stack in _pulumi("stack", "ls"))


def outputs(stack: str) -> dict[str, Any]:
    """What `stack` exports; empty before its first `pulumi up`.

    Raises:
        ConfigError: as `names`.
    """
    found: dict[str, Any] = _pulumi("stack", "output", "--stack", stack)
    return found


def _pulumi(*arguments: str) -> Any:
    """What a pulumi command answers as JSON."""
    try:
        done = subprocess.run(  # noqa: S603
            ["pulumi", *arguments, "--json", "--non-interactive"],  # noqa: S607 - the user's own
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        raise ConfigError(
            "pulumi is not on PATH: run this behind 'd1 local --', as in 'd1 local -- d1 status', or install Pulumi"
        ) from None
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"pulumi {' '.join(arguments)} failed: {error.stderr.strip()}") from None
    return json.loads(done.stdout)
