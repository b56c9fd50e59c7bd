"""What is left over of ephemeral environments, and what must not be touched. Pure.

Everything that is taken away has to show that it may be: a stack by its own state, a database and an entry of the
wrangler configuration by the whole of a name that only a pull request's stack of this project gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pulumi_d1.ephemeral.inventory import Entry, Environment, Owned, ids
from pulumi_d1.ephemeral.names import PERMANENT, pull_request, pull_request_of_database
from pulumi_d1.ephemeral.ttl import DEFAULT, read_ttl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from pulumi_d1.ephemeral.inventory import World


class Kind(StrEnum):
    """What is left over."""

    STACK = "stack"
    DATABASE = "database"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something to take away.

    Attributes:
        what: it.
        reason: why.
    """

    what: Environment | Owned | Entry
    reason: str

    @property
    def kind(self) -> Kind:
        """Of what sort it is."""
        match self.what:
            case Environment():
                return Kind.STACK
            case Owned():
                return Kind.DATABASE
            case Entry():
                return Kind.ENTRY

    @property
    def name(self) -> str:
        """What the user calls it."""
        match self.what:
            case Environment(stack=stack):
                return stack
            case Owned(name=name):
                return name
            case Entry(path=path, binding=binding, environment=environment):
                return f"{path}: '{binding}'" + (f" of '{environment}'" if environment else "")

    @property
    def since(self) -> datetime | None:
        """When it was last run or was created; None where that is not known."""
        match self.what:
            case Environment(updated=updated):
                return updated
            case Owned(created_at=created):
                return created
            case Entry():
                return None


def kept_because(stack: Environment, world: World) -> str:
    """Why the stack may never be taken away by itself; empty for an ephemeral one."""
    if stack.stack in PERMANENT:
        return f"'{stack.stack}' is never ephemeral"
    if stack.protected:
        return "it is protected"
    if stack.stack in world.committed:
        return f"Pulumi.{stack.stack}.yaml is committed"
    if not stack.ttl:
        return "it has no ttl"
    for other in world.stacks:
        if other.stack != stack.stack and ids(other) & ids(stack):
            return f"its database is that of stack '{other.stack}' too"
    return ""


def plan(world: World, opened: frozenset[int] | None, now: datetime, grace: timedelta) -> tuple[Leftover, ...]:
    """What is left over: stacks, then databases, then entries.

    Args:
        world: what there is.
        opened: numbers of the open pull requests; None where nobody said.
        now: the time, with its zone.
        grace: how old a database without a stack has to be: a run may be creating it, or have been killed just now.
    """
    stacks = [Leftover(item, reason) for item in world.stacks if (reason := stack_is_due(item, world, opened, now))]
    databases = [
        Leftover(item, reason) for item in world.databases if (reason := orphan_is_due(item, world, opened, now, grace))
    ]
    going = {item.what.id for item in databases if isinstance(item.what, Owned)}
    return (*stacks, *databases, *_entries(world, going))


def stack_is_due(stack: Environment, world: World, opened: frozenset[int] | None, now: datetime) -> str:
    """Why the stack is left over; empty where it is not."""
    if kept_because(stack, world):
        return ""
    number = pull_request(stack.stack)
    if number and opened is not None and number not in opened:
        return f"pull request {number} is not open"
    if stack.expires and stack.expires <= now:
        return f"expired {stack.expires.isoformat(timespec='seconds')} (ttl {stack.ttl})"
    listed = {item.id for item in world.databases}
    here = {item.id for item in stack.databases if item.account_id == world.account_id}
    return "its database is gone" if here and not here & listed else ""


def orphan_is_due(database: Owned, world: World, opened: frozenset[int] | None, now: datetime, grace: timedelta) -> str:
    """Why the database, which no stack owns, is left over; empty where it is not, or may be somebody's."""
    number = pull_request_of_database(database.name, world.project)
    stack = f"pr-{number}"
    if number is None or stack in world.committed or database.created_at is None:
        return ""
    if any(item.stack == stack or database.id in ids(item) for item in world.stacks):
        return ""  # a stack of that name is run again, or taken down, and finds the database by its name
    age, lives = now - database.created_at, read_ttl(DEFAULT)
    if age < grace:
        return ""
    if opened is not None:
        return "" if number in opened else f"no stack owns it, and pull request {number} is not open"
    return f"no stack owns it, and it is older than {DEFAULT}" if lives and age >= lives else ""


def _entries(world: World, going: set[str]) -> Iterator[Leftover]:
    owned = set().union(*map(ids, world.stacks))
    listed = {item.id for item in world.databases}
    for entry in world.entries:
        number = pull_request_of_database(entry.database_name, world.project)
        if number is None or f"pr-{number}" in world.committed or entry.database_id in owned:
            continue
        if entry.database_id in going:
            yield Leftover(entry, "its database goes")
        elif entry.database_id not in listed:
            yield Leftover(entry, "its database is gone")
