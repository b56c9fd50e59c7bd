"""Select the databases of a fleet: those that match a pattern, those of a shard, and never a stack's own. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.result import MemberRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_d1.cloudflare.account import DatabaseInfo

_SHARD = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")
_MOST_NAMES = 5  # databases in a message


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a fleet for one job. A database is in the same shard on every machine.

    Attributes:
        number: Number of the part, from 1.
        of: Number of parts.
    """

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        """The option that selects this part; empty for all databases."""
        return f" --shard {self.number}/{self.of}" if self.of > 1 else ""

    def has(self, name: str) -> bool:
        """Return whether a database is in the shard, by SHA-256: Python's hash() differs between processes."""
        return int.from_bytes(sha256(name.encode()).digest()) % self.of == self.number - 1


def parse_shard(text: str) -> Shard:
    """Return the shard that a text such as `3/16` names.

    Raises:
        ConfigError: The text has another form, or there is no such part.
    """
    match = _SHARD.fullmatch(text)
    if not match or int(match[1]) > int(match[2]):
        raise ConfigError(f"--shard {text}: use PART/PARTS, such as 3/16 for the third of 16 parts")
    return Shard(int(match[1]), int(match[2]))


def stack_databases(configured: Iterable[str], projects: Iterable[str], stacks: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of the names of databases that belong to a stack.

    A stack needs no file of its own, so `[project]-db-` and anything belongs to one. So does the name that a component
    of a larger program gives to a database: `[project]-[component]-db-[stack]`.

    Args:
        configured: Names of databases in the stacks' configuration.
    """
    names, project, stack = ("|".join(map(re.escape, some)) for some in (configured, projects, stacks))
    return re.compile(rf"{names}|(?:{project})-(?:db-.*|.+-db-(?:{stack}|pr-[1-9][0-9]*))")


@dataclass(frozen=True, slots=True)
class Selection:
    """The databases of a fleet: those whose names match a pattern, or those with a name or UUID of a list.

    Attributes:
        option: The option and its value, for messages.
        names: The list; None for the pattern.
        are_rows: True if the names are rows of a database, which messages do not contain.
    """

    option: str
    pattern: str = "*"
    names: frozenset[str] | None = None
    are_rows: bool = False

    def has(self, database: DatabaseInfo) -> bool:
        """Return whether a database is selected."""
        if self.names is None:
            return fnmatchcase(database.name, self.pattern)
        return database.name in self.names or database.id in self.names


def select_members(
    databases: Iterable[DatabaseInfo], selection: Selection, shard: Shard, of_stacks: re.Pattern[str]
) -> list[MemberRecord]:
    """Return the databases of a fleet, by name.

    Raises:
        ConfigError: No database matches, a listed one is missing, or a stack's database matches.
    """
    matching = sorted(MemberRecord(item.name, item.id) for item in databases if selection.has(item))
    if selection.names and (missing := selection.names.difference(*((item.database, item.id) for item in matching))):
        count = f"for {len(missing)} of {len(selection.names)} names"
        which = count if selection.are_rows else _listed(sorted(missing))
        raise ConfigError(f"{selection.option}: the account has no database {which}")
    if not matching:
        reason = "no database of the account matches. 'wrangler d1 list' shows their names"
        raise ConfigError(f"{selection.option}: {reason if selection.names is None else 'the list is empty'}")
    if stacks := [item.database for item in matching if of_stacks.fullmatch(item.database)]:
        raise ConfigError(
            f"{selection.option} also matches databases of this project's stacks: {_listed(stacks)}. 'pulumi up' "
            "migrates those; narrow the pattern"
        )
    return [item for item in matching if shard.has(item.database)]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"
