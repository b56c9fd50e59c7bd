"""Stacks, databases and entries of the wrangler configuration, as they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.ephemeral.ttl import read_ttl

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Owned:
    """A database that a stack's state, or an account's list, knows.

    Attributes:
        id: its UUID.
        name: of it.
        account_id: Cloudflare account that it is in.
        created_at: when it was created; None where that is not known.
    """

    id: str
    name: str
    account_id: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """A stack, as its state describes it.

    Attributes:
        stack: its name.
        updated: when it was last run; None when it never was.
        ttl: how long it lives after that, such as `7d`; empty for one that is not ephemeral.
        protected: whether Pulumi refuses to delete one of its resources.
        databases: what it owns.
    """

    stack: str
    updated: datetime | None
    ttl: str
    protected: bool
    databases: tuple[Owned, ...]

    @property
    def expires(self) -> datetime | None:
        """When its time is up; None for never, and where that is not known."""
        if self.updated is None or not self.ttl or (lives := read_ttl(self.ttl)) is None:
            return None
        return self.updated + lives


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the wrangler configuration.

    Attributes:
        path: of the configuration.
        environment: wrangler environment that it stands in; empty for the top level.
        binding: its variable.
        database_name: of its database.
        database_id: of its database.
    """

    path: str
    environment: str
    binding: str
    database_name: str
    database_id: str


@dataclass(frozen=True, slots=True)
class World:
    """What there is. The stacks were read first, so a database that one owns and that is not listed is gone.

    Attributes:
        project: first part of the databases' names.
        account_id: Cloudflare account whose databases were listed.
        stacks: all of the project's.
        committed: stacks that have a configuration in git.
        databases: all of the account's.
        entries: all of the wrangler configuration's.
    """

    project: str
    account_id: str
    stacks: tuple[Environment, ...]
    committed: frozenset[str]
    databases: tuple[Owned, ...]
    entries: tuple[Entry, ...]


def ids(stack: Environment) -> set[str]:
    """UUIDs of what a stack owns."""
    return {item.id for item in stack.databases}
