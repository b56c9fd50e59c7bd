"""Which stacks may be ephemeral, and what a database's name says of its stack. Pure."""

from __future__ import annotations

import re
from typing import Final

from pulumi_d1.errors import ConfigError

PERMANENT: Final = frozenset({"dev", "prod", "production"})
"""Stacks that are never ephemeral, whatever they are configured with."""

_NUMBER: Final = "[1-9][0-9]{0,9}"
_PULL_REQUEST: Final = re.compile(f"pr-({_NUMBER})")
_STACK: Final = re.compile("[A-Za-z0-9][A-Za-z0-9_-]*")


def stack_of(argument: str) -> str:
    """The stack that a command line means: `12` is `pr-12`, anything else is itself.

    Raises:
        ConfigError: it can't be the name of an ephemeral stack.
    """
    if re.fullmatch(_NUMBER, argument):
        return f"pr-{argument}"
    if not _STACK.fullmatch(argument) or argument.isdecimal():
        raise ConfigError(
            f"'{argument}' is neither a pull request's number nor a stack's name: give 12, or a name of letters, "
            f"digits, '-' and '_'"
        )
    if argument in PERMANENT:
        raise ConfigError(f"stack '{argument}' is never ephemeral: use 'pulumi up --stack {argument}' for it")
    return argument


def pull_request(stack: str) -> int | None:
    """Number of the pull request that a stack is for; None where the name does not say `pr-` and a number."""
    found = _PULL_REQUEST.fullmatch(stack)
    return int(found[1]) if found else None


def pull_request_of_database(name: str, project: str) -> int | None:
    """Number of the pull request whose database has this name in `project`; None for any other name.

    The whole name has to fit, so `shop` never takes a database of `shop-db`, `shop-2` or `my-shop` for its own.
    """
    front = f"{project}-db-"
    return pull_request(name.removeprefix(front)) if name.startswith(front) else None
