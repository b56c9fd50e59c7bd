"""Names of ephemeral stacks and of their databases. Pure."""

from __future__ import annotations

import re
from typing import Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line
from pulumi_d1.naming import DEVELOPMENT, PRODUCTION_NAMES, without_organization

PERMANENT: Final = frozenset({DEVELOPMENT, *PRODUCTION_NAMES})
"""Stacks that are never ephemeral, whatever their configuration."""

_NUMBER: Final = "[1-9][0-9]{0,9}"
_PULL_REQUEST: Final = re.compile(f"pr-({_NUMBER})")
_STACK: Final = re.compile("[A-Za-z0-9][A-Za-z0-9_-]*")


def parse_stack_name(argument: str) -> str:
    """Return the stack that an argument of the command line names: `pr-12` for `12`, any other name unchanged.

    Raises:
        ConfigError: No ephemeral stack can have this name.
    """
    if re.fullmatch(_NUMBER, argument):
        return f"pr-{argument}"
    if not _STACK.fullmatch(argument) or argument.isdecimal():
        raise ConfigError(
            f"'{escape_line(argument)}' is neither a pull request number nor a stack name. Use a number such as 12, or "
            "a name of letters, digits, '-' and '_'"
        )
    if is_permanent(argument):
        raise ConfigError(f"stack '{argument}' is never ephemeral: run 'pulumi up' or 'pulumi destroy' for it")
    return argument


def is_permanent(stack: str) -> bool:
    """Return whether a stack is never ephemeral."""
    return without_organization(stack) in PERMANENT


def pull_request_of_stack(stack: str) -> int | None:
    """Return the number of a stack's pull request, or None if its name is not `pr-` and a number."""
    match = _PULL_REQUEST.fullmatch(stack)
    return int(match[1]) if match else None


def pull_request_of_database(name: str, project: str) -> int | None:
    """Return the number of the pull request in `project` whose database has this name, or None.

    The whole name must match. So the project `shop` never claims a database of `shop-db`, `shop-2` or `my-shop`.
    """
    prefix = f"{project}-db-"
    return pull_request_of_stack(name.removeprefix(prefix)) if name.startswith(prefix) else None
