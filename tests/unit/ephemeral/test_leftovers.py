"""Leftovers that a sweep finds, and everything that it must never touch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.ephemeral.inventory import DatabaseRef, Inventory, StackSummary
from pulumi_d1.ephemeral.leftovers import LeftoverKind, find_leftovers, reason_to_keep
from pulumi_d1.ephemeral.names import PERMANENT, pull_request_of_database, pull_request_of_stack
from pulumi_d1.wrangler.entry import WranglerEntry

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
GRACE = timedelta(hours=1)
OLD = NOW - timedelta(days=8)
NAMES = st.sampled_from(["dev", "prod", "production", "demo", "staging", "pr-1", "pr-2", "pr-3", "pr-x", "pr-01"])
IDS = st.sampled_from([f"id-{number}" for number in range(6)])
TIMES = st.none() | st.integers(0, 400).map(lambda hours: NOW - timedelta(hours=hours))
DATABASE_NAMES = st.one_of(
    NAMES.map(lambda stack: f"shop-db-{stack}"),
    NAMES.map(lambda stack: f"shop-db-db-{stack}"),
    NAMES.map(lambda stack: f"my-shop-db-{stack}"),
    st.sampled_from(["shop", "other", "shop-db-pr-1-copy"]),
)
OWNED = st.builds(DatabaseRef, id=IDS, name=DATABASE_NAMES, account_id=st.sampled_from(["a", "b"]), created_at=TIMES)
STACKS = st.builds(
    StackSummary,
    name=NAMES,
    last_update=TIMES,
    ttl=st.sampled_from(["", "1h", "7d", "never"]),
    protected=st.booleans(),
    databases=st.lists(OWNED, max_size=2).map(tuple),
)
ENTRIES = st.builds(
    WranglerEntry,
    path=st.just("wrangler.toml"),
    environment=NAMES,
    binding=st.just("DB"),
    database_name=DATABASE_NAMES,
    database_id=IDS,
)
INVENTORIES = st.builds(
    Inventory,
    project=st.just("shop"),
    account_id=st.just("a"),
    stacks=st.lists(STACKS, max_size=5, unique_by=lambda stack: stack.name).map(tuple),
    committed=st.frozensets(NAMES, max_size=3),
    databases=st.lists(OWNED, max_size=6, unique_by=lambda item: item.id).map(tuple),
    entries=st.lists(ENTRIES, max_size=3).map(tuple),
)
OPEN = st.none() | st.frozensets(st.integers(1, 4))
EMPTY = Inventory("shop", "a", (), frozenset(), (), ())


def stack(name: str = "pr-1", ttl: str = "7d", last_update: datetime | None = NOW) -> StackSummary:
    return StackSummary(name, last_update, ttl, protected=False, databases=(database(name),))


def database(name: str = "pr-1", created_at: datetime | None = OLD) -> DatabaseRef:
    return DatabaseRef(f"id-{name}", f"shop-db-{name}", "a", created_at)


def leftovers_of(inventory: Inventory, opened: set[int] | None = None) -> list[tuple[str, str, str]]:
    leftovers = find_leftovers(inventory, None if opened is None else frozenset(opened), NOW, GRACE)
    return [(leftover.kind, leftover.name, leftover.reason) for leftover in leftovers]


@given(INVENTORIES, OPEN)
def test_a_stack_that_must_be_kept_is_no_leftover(inventory: Inventory, opened: frozenset[int] | None) -> None:
    for leftover in find_leftovers(inventory, opened, NOW, GRACE):
        if isinstance(leftover.item, StackSummary):
            assert leftover.item.name not in PERMANENT | inventory.committed
            assert not leftover.item.protected
            assert leftover.item.ttl
            assert not any(
                leftover.item.database_ids & other.database_ids
                for other in inventory.stacks
                if other is not leftover.item
            )


@given(INVENTORIES, OPEN)
def test_a_database_of_a_stack_or_of_another_project_is_no_leftover(
    inventory: Inventory, opened: frozenset[int] | None
) -> None:
    for leftover in find_leftovers(inventory, opened, NOW, GRACE):
        if isinstance(leftover.item, DatabaseRef):
            number = pull_request_of_database(leftover.item.name, "shop")
            assert leftover.item.name == f"shop-db-pr-{number}"
            assert leftover.item.id not in inventory.owned_ids
            assert leftover.item.created_at is not None
            assert NOW - leftover.item.created_at >= GRACE
            assert f"pr-{number}" not in inventory.committed
            assert number not in (opened or ())


@given(INVENTORIES, OPEN)
def test_the_entry_of_a_database_that_stays_is_no_leftover(inventory: Inventory, opened: frozenset[int] | None) -> None:
    leftovers = find_leftovers(inventory, opened, NOW, GRACE)
    deleted_ids = {leftover.item.id for leftover in leftovers if isinstance(leftover.item, DatabaseRef)}
    kept_ids = inventory.listed_ids - deleted_ids | inventory.owned_ids
    for leftover in leftovers:
        if isinstance(leftover.item, WranglerEntry):
            assert leftover.item.database_id not in kept_ids
            assert pull_request_of_database(leftover.item.database_name, "shop")


@given(INVENTORIES, OPEN)
def test_an_open_pull_requests_stack_is_no_leftover_unless_it_expired_or_lost_its_database(
    inventory: Inventory, opened: frozenset[int] | None
) -> None:
    for leftover in find_leftovers(inventory, opened, NOW, GRACE):
        if isinstance(leftover.item, StackSummary) and pull_request_of_stack(leftover.item.name) in (opened or ()):
            expired = leftover.item.expires is not None and leftover.item.expires <= NOW
            gone = not leftover.item.database_ids & inventory.listed_ids
            assert expired or gone


def test_the_stack_of_a_closed_pull_request_is_a_leftover() -> None:
    one, two = stack("pr-1"), stack("pr-2")
    inventory = replace(EMPTY, stacks=(one, two), databases=(*one.databases, *two.databases))
    assert leftovers_of(inventory, {2}) == [(LeftoverKind.STACK, "pr-1", "pull request 1 is not open")]
    assert leftovers_of(inventory) == []
    assert [name for _, name, _ in leftovers_of(inventory, set())] == ["pr-1", "pr-2"]


def test_an_expired_stack_is_a_leftover_until_a_run_renews_it() -> None:
    for name in ("pr-1", "demo"):
        old = stack(name, last_update=OLD)
        inventory = replace(EMPTY, stacks=(old,), databases=old.databases)
        assert leftovers_of(inventory, {1}) == [
            (LeftoverKind.STACK, name, "expired 2026-11-22T02:00:00+00:00 (ttl 7d)")
        ]
        for renewed in (replace(old, last_update=NOW), replace(old, ttl="never"), replace(old, last_update=None)):
            assert leftovers_of(replace(inventory, stacks=(renewed,)), {1}) == []


def test_a_stack_without_its_database_is_a_leftover_unless_its_account_was_not_listed() -> None:
    alone = stack()
    assert leftovers_of(replace(EMPTY, stacks=(alone,)), {1}) == [(LeftoverKind.STACK, "pr-1", "its database is gone")]
    elsewhere = replace(alone, databases=(replace(database(), account_id="b"),))
    assert leftovers_of(replace(EMPTY, stacks=(elsewhere,)), {1}) == []
    assert leftovers_of(replace(EMPTY, stacks=(replace(alone, databases=()),)), {1}) == []


def test_a_database_without_a_stack_is_a_leftover_once_its_pull_request_is_closed_or_it_is_old() -> None:
    young = NOW - timedelta(hours=2)
    for created, opened, reason in [
        (young, None, ""),
        (young, {1}, ""),
        (young, {2}, "no stack owns it, and pull request 1 is not open"),
        (NOW - timedelta(minutes=59), {2}, ""),
        (OLD, {1}, ""),
        (OLD, None, "no stack owns it, and it is older than 7d"),
        (None, {2}, ""),
    ]:
        inventory = replace(EMPTY, databases=(database(created_at=created),))
        assert leftovers_of(inventory, opened) == ([(LeftoverKind.DATABASE, "shop-db-pr-1", reason)] if reason else [])


def test_an_entry_is_a_leftover_with_its_database_if_it_is_a_pull_requests() -> None:
    entries = tuple(
        WranglerEntry("wrangler.toml", name, "DB", f"shop-db-{name}", f"id-{name}") for name in ("pr-1", "pr-2", "demo")
    )
    inventory = replace(EMPTY, databases=(database(),), entries=entries)
    assert leftovers_of(inventory) == [
        (LeftoverKind.DATABASE, "shop-db-pr-1", "no stack owns it, and it is older than 7d"),
        (LeftoverKind.ENTRY, "wrangler.toml: 'DB' in 'env.pr-1.d1_databases'", "its database is deleted"),
        (LeftoverKind.ENTRY, "wrangler.toml: 'DB' in 'env.pr-2.d1_databases'", "its database is gone"),
    ]


@pytest.mark.parametrize(
    ("kept", "committed", "reason"),
    [
        (replace(stack("dev"), ttl="1h"), "", "'dev' is never ephemeral"),
        (replace(stack(), protected=True), "", "it is protected"),
        (stack(), "pr-1", "Pulumi.pr-1.yaml is committed"),
        (replace(stack("staging"), ttl=""), "", "it has no ttl"),
        (stack(), "", "stack 'prod' owns its database too"),
    ],
)
def test_a_kept_stack_has_a_reason(kept: StackSummary, committed: str, reason: str) -> None:
    prod = StackSummary("prod", NOW, "", protected=True, databases=(database(),))
    assert reason_to_keep(kept, (kept, prod), {committed}) == reason
