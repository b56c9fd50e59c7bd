"""Find what ended environments left behind. Pure.

Nothing is deleted without proof. For a stack, the proof is its own state. For a database or a wrangler entry, it is the
whole name, which only the stack of a pull request of this project produces.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pulumi_d1.ephemeral.inventory import DatabaseRef, StackSummary
from pulumi_d1.ephemeral.names import is_permanent, pull_request_of_database, pull_request_of_stack
from pulumi_d1.ephemeral.ttl import DEFAULT_TTL, parse_ttl
from pulumi_d1.wrangler.entry import WranglerEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime, timedelta

    from pulumi_d1.ephemeral.inventory import Inventory


class LeftoverKind(StrEnum):
    """The kinds of leftovers, in the words of the output."""

    STACK = "stack"
    DATABASE = "database"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something to delete, and the reason."""

    item: StackSummary | DatabaseRef | WranglerEntry
    reason: str

    @property
    def kind(self) -> LeftoverKind:
        """Kind of the item."""
        match self.item:
            case StackSummary():
                return LeftoverKind.STACK
            case DatabaseRef():
                return LeftoverKind.DATABASE
            case WranglerEntry():
                return LeftoverKind.ENTRY

    @property
    def name(self) -> str:
        """Name of the item; for an entry, its place in the configuration."""
        return f"{self.item.path}: {self.item}" if isinstance(self.item, WranglerEntry) else self.item.name

    @property
    def since(self) -> datetime | None:
        """Time of the stack's last run or of the database's creation; None if unknown."""
        match self.item:
            case StackSummary(last_update=time) | DatabaseRef(created_at=time):
                return time
            case WranglerEntry():
                return None


def find_leftovers(
    inventory: Inventory, open_pull_requests: frozenset[int] | None, now: datetime, grace: timedelta
) -> tuple[Leftover, ...]:
    """Return the leftovers: stacks, then databases, then wrangler entries.

    Args:
        open_pull_requests: Numbers of the open pull requests; None if unknown. Then only time decides.
        now: The time, with its zone.
        grace: Minimum age of a database without a stack. A run may be creating a younger one.
    """
    stacks = [
        Leftover(stack, reason)
        for stack in inventory.stacks
        if (reason := reason_to_delete_stack(stack, inventory, open_pull_requests, now))
    ]
    databases = {
        database: reason
        for database in inventory.databases
        if (reason := reason_to_delete_database(database, inventory, open_pull_requests, now, grace))
    }
    deleted_ids = {database.id for database in databases}
    return (*stacks, *(Leftover(*item) for item in databases.items()), *_stale_entries(inventory, deleted_ids))


def reason_to_keep(stack: StackSummary, stacks: Iterable[StackSummary], committed: Collection[str]) -> str:
    """Return why the stack is never deleted as a leftover, or `""` if it is ephemeral.

    Args:
        committed: Names of the stacks whose configuration is in git.
    """
    if is_permanent(stack.name):
        return f"'{stack.name}' is never ephemeral"
    if stack.protected:
        return "it is protected"
    if stack.name in committed:
        return f"Pulumi.{stack.name}.yaml is committed"
    if not stack.ttl:
        return "it has no ttl"
    for other in stacks:
        if other.name != stack.name and other.database_ids & stack.database_ids:
            return f"stack '{other.name}' owns its database too"
    return ""


def reason_to_delete_stack(
    stack: StackSummary, inventory: Inventory, open_pull_requests: frozenset[int] | None, now: datetime
) -> str:
    """Return why the stack is a leftover, or `""` if it is none."""
    if reason_to_keep(stack, inventory.stacks, inventory.committed):
        return ""
    number = pull_request_of_stack(stack.name)
    if number and open_pull_requests is not None and number not in open_pull_requests:
        return f"pull request {number} is not open"
    if stack.expires and stack.expires <= now:
        return f"expired {stack.expires.isoformat(timespec='seconds')} (ttl {stack.ttl})"
    ids = {database.id for database in stack.databases if database.account_id == inventory.account_id}
    return "its database is gone" if ids and not ids & inventory.listed_ids else ""


def reason_to_delete_database(
    database: DatabaseRef,
    inventory: Inventory,
    open_pull_requests: frozenset[int] | None,
    now: datetime,
    grace: timedelta,
) -> str:
    """Return why the database is a leftover, or `""` if it has a stack or could belong to someone else."""
    number = pull_request_of_database(database.name, inventory.project)
    stack = f"pr-{number}"
    if number is None or stack in inventory.committed or database.created_at is None:
        return ""
    if database.id in inventory.owned_ids or any(other.name == stack for other in inventory.stacks):
        return ""  # the next run of a stack of that name adopts or deletes it
    age, lifetime = now - database.created_at, parse_ttl(DEFAULT_TTL)
    if age < grace:
        return ""
    if open_pull_requests is not None:
        return "" if number in open_pull_requests else f"no stack owns it, and pull request {number} is not open"
    return f"no stack owns it, and it is older than {DEFAULT_TTL}" if lifetime and age >= lifetime else ""


def _stale_entries(inventory: Inventory, deleted_ids: set[str]) -> Iterator[Leftover]:
    for entry in inventory.entries:
        number = pull_request_of_database(entry.database_name, inventory.project)
        if number is None or f"pr-{number}" in inventory.committed or entry.database_id in inventory.owned_ids:
            continue
        if entry.database_id in deleted_ids:
            yield Leftover(entry, "its database is deleted")
        elif entry.database_id not in inventory.listed_ids:
            yield Leftover(entry, "its database is gone")
