"""Which databases of an account a fleet is: those of a pattern, those of a shard, and never a stack's own. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING

from pulumi_d1.ephemeral.names import pull_request_of_stack
from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulumi_d1.cloudflare.account import Description

_SHARD = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")
_NAMED = 5  # databases in a message


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a fleet, for a job of its own. Every database is in one shard, the same one on every machine.

    Attributes:
        number: of the part, from 1.
        of: how many parts there are.
    """

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def has(self, name: str) -> bool:
        """Whether the database of this name is in it: by SHA-256, since Python's own hash differs between processes."""
        return int.from_bytes(sha256(name.encode()).digest()) % self.of == self.number - 1


def read_shard(text: str) -> Shard:
    """A shard as it is written: `3/16`.

    Raises:
        ConfigError: it is not written so, or there is no such part.
    """
    found = _SHARD.fullmatch(text)
    if not found or int(found[1]) > int(found[2]):
        raise ConfigError(f"--shard {text}: it is PART/PARTS, such as 3/16 for the third of 16")
    return Shard(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Owners:
    """The stacks of a project, as far as names of databases tell of them.

    Attributes:
        given: names that stacks are configured with.
        projects: first parts of the databases' names.
        stacks: names of the stacks.
    """

    given: frozenset[str]
    projects: frozenset[str]
    stacks: frozenset[str]

    def have(self, name: str) -> bool:
        """Whether a database of this name belongs to a stack.

        That is `[project]-db-` and anything, since a stack needs no file of its own, and the name that a component of a
        larger program gives, `[project]-[component]-db-[stack]`.
        """
        front, mark, stack = name.rpartition("-db-")
        is_stack = bool(mark) and (stack in self.stacks or pull_request_of_stack(stack) is not None)
        return name in self.given or any(
            name.startswith(f"{project}-db-") or (is_stack and front.startswith(f"{project}-"))
            for project in self.projects
        )


def select(
    databases: Iterable[Description], pattern: str, shard: Shard, owned: Callable[[str], bool]
) -> tuple[Description, ...]:
    """The databases of a fleet, by name.

    Args:
        databases: all of the account.
        pattern: that names match, with `*`, `?` and `[a-z]`.
        shard: that names are in.
        owned: whether a database of this name belongs to a stack.

    Raises:
        ConfigError: nothing matches, or a stack's database does.
    """
    matching = sorted((found for found in databases if fnmatchcase(found.name, pattern)), key=lambda found: found.name)
    if not matching:
        raise ConfigError(
            f"--match '{pattern}': no database of the account has such a name: 'd1 status' and the dashboard know them"
        )
    if stacks := [found.name for found in matching if owned(found.name)]:
        more = f" and {len(stacks) - _NAMED} more" if len(stacks) > _NAMED else ""
        raise ConfigError(
            f"--match '{pattern}' also matches what this project's stacks own: {', '.join(stacks[:_NAMED])}{more}: "
            "'pulumi up' migrates these; narrow the pattern"
        )
    return tuple(found for found in matching if shard.has(found.name))
