"""The stacks, databases and wrangler entries that exist. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.ephemeral.ttl import parse_ttl

if TYPE_CHECKING:
    from datetime import datetime

    from pulumi_d1.wrangler.entry import WranglerEntry


@dataclass(frozen=True, slots=True)
class DatabaseRef:
    """A database in a stack's state or in the account's list.

    Attributes:
        created_at: Time of its creation; None if unknown. A stack's state does not contain it.
    """

    id: str
    name: str
    account_id: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StackSummary:
    """A stack, as its state describes it.

    Attributes:
        last_update: Time of the last run; None if it never ran.
        ttl: Lifetime after the last run, such as `7d`; empty if the stack is not ephemeral.
        protected: True if Pulumi refuses to delete one of its resources.
    """

    name: str
    last_update: datetime | None
    ttl: str
    protected: bool
    databases: tuple[DatabaseRef, ...]

    @property
    def expires(self) -> datetime | None:
        """End of its lifetime; None if it never expires or never ran."""
        if self.last_update is None or not self.ttl or (lifetime := parse_ttl(self.ttl)) is None:
            return None
        return self.last_update + lifetime

    @property
    def database_ids(self) -> set[str]:
        """UUIDs of the databases that it owns."""
        return {database.id for database in self.databases}


@dataclass(frozen=True, slots=True)
class Inventory:
    """A project's stacks and everything that they could own.

    The stacks were read before the databases, so a database that a stack owns and the account does not list is deleted.

    Attributes:
        account_id: The Cloudflare account whose databases were listed.
        committed: Names of the stacks whose configuration is in git.
    """

    project: str
    account_id: str
    stacks: tuple[StackSummary, ...]
    committed: frozenset[str]
    databases: tuple[DatabaseRef, ...]
    entries: tuple[WranglerEntry, ...]

    @property
    def listed_ids(self) -> set[str]:
        """UUIDs of the account's databases."""
        return {database.id for database in self.databases}

    @property
    def owned_ids(self) -> set[str]:
        """UUIDs of the databases that a stack owns."""
        return {database_id for stack in self.stacks for database_id in stack.database_ids}
