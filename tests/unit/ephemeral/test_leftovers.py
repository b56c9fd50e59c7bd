"""What a sweep takes, and what it never does, whatever there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.ephemeral.inventory import Entry, Environment, Owned, World, ids
from pulumi_d1.ephemeral.leftovers import Kind, kept_because, plan
from pulumi_d1.ephemeral.names import PERMANENT, pull_request, pull_request_of_database

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
OWNED = st.builds(Owned, id=IDS, name=DATABASE_NAMES, account_id=st.sampled_from(["a", "b"]), created_at=TIMES)
STACKS = st.builds(
    Environment,
    stack=NAMES,
    updated=TIMES,
    ttl=st.sampled_from(["", "1h", "7d", "never"]),
    protected=st.booleans(),
    databases=st.lists(OWNED, max_size=2).map(tuple),
)
ENTRIES = st.builds(
    Entry,
    path=st.just("wrangler.toml"),
    environment=NAMES,
    binding=st.just("DB"),
    database_name=DATABASE_NAMES,
    database_id=IDS,
)
WORLDS = st.builds(
    World,
    project=st.just("shop"),
    account_id=st.just("a"),
    stacks=st.lists(STACKS, max_size=5, unique_by=lambda stack: stack.stack).map(tuple),
    committed=st.frozensets(NAMES, max_size=3),
    databases=st.lists(OWNED, max_size=6, unique_by=lambda item: item.id).map(tuple),
    entries=st.lists(ENTRIES, max_size=3).map(tuple),
)
OPEN = st.none() | st.frozensets(st.integers(1, 4))
EMPTY = World("shop", "a", (), frozenset(), (), ())


def stack(name: str = "pr-1", ttl: str = "7d", updated: datetime | None = NOW) -> Environment:
    return Environment(name, updated, ttl, protected=False, databases=(database(name),))


def database(name: str = "pr-1", created_at: datetime | None = OLD) -> Owned:
    return Owned(f"id-{name}", f"shop-db-{name}", "a", created_at)


def swept(world: World, opened: set[int] | None = None) -> list[tuple[str, str, str]]:
    found = plan(world, None if opened is None else frozenset(opened), NOW, GRACE)
    return [(item.kind, item.name, item.reason) for item in found]


@given(WORLDS, OPEN)
def test_no_sweep_takes_a_stack_that_is_kept(world: World, opened: frozenset[int] | None) -> None:
    for item in plan(world, opened, NOW, GRACE):
        if isinstance(item.what, Environment):
            assert item.what.stack not in PERMANENT | world.committed
            assert not item.what.protected
            assert item.what.ttl
            assert not any(ids(item.what) & ids(other) for other in world.stacks if other is not item.what)


@given(WORLDS, OPEN)
def test_no_sweep_takes_a_database_that_a_stack_owns_or_another_project_has(
    world: World, opened: frozenset[int] | None
) -> None:
    owned = set().union(*map(ids, world.stacks))
    for item in plan(world, opened, NOW, GRACE):
        if isinstance(item.what, Owned):
            number = pull_request_of_database(item.what.name, "shop")
            assert item.what.name == f"shop-db-pr-{number}"
            assert item.what.id not in owned
            assert item.what.created_at is not None
            assert NOW - item.what.created_at >= GRACE
            assert f"pr-{number}" not in world.committed
            assert number not in (opened or ())


@given(WORLDS, OPEN)
def test_no_sweep_takes_the_entry_of_a_database_that_stays(world: World, opened: frozenset[int] | None) -> None:
    found = plan(world, opened, NOW, GRACE)
    going = {item.what.id for item in found if isinstance(item.what, Owned)}
    stays = {item.id for item in world.databases} - going | set().union(*map(ids, world.stacks))
    for item in found:
        if isinstance(item.what, Entry):
            assert item.what.database_id not in stays
            assert pull_request_of_database(item.what.database_name, "shop")


@given(WORLDS, OPEN)
def test_an_open_pull_requests_environment_that_is_alive_and_young_is_left_alone(
    world: World, opened: frozenset[int] | None
) -> None:
    for item in plan(world, opened, NOW, GRACE):
        if isinstance(item.what, Environment) and pull_request(item.what.stack) in (opened or ()):
            expired = item.what.expires is not None and item.what.expires <= NOW
            gone = not ids(item.what) & {one.id for one in world.databases}
            assert expired or gone


def test_a_closed_pull_requests_stack_goes_and_an_open_ones_stays() -> None:
    one, two = stack("pr-1"), stack("pr-2")
    world = replace(EMPTY, stacks=(one, two), databases=(*one.databases, *two.databases))
    assert swept(world, {2}) == [(Kind.STACK, "pr-1", "pull request 1 is not open")]
    assert swept(world) == []
    assert [name for _, name, _ in swept(world, set())] == ["pr-1", "pr-2"]


def test_time_ends_any_ephemeral_stack_and_a_run_renews_it() -> None:
    for name in ("pr-1", "demo"):
        old = stack(name, updated=OLD)
        world = replace(EMPTY, stacks=(old,), databases=old.databases)
        assert swept(world, {1}) == [(Kind.STACK, name, "expired 2026-11-22T02:00:00+00:00 (ttl 7d)")]
        for renewed in (replace(old, updated=NOW), replace(old, ttl="never"), replace(old, updated=None)):
            assert swept(replace(world, stacks=(renewed,)), {1}) == []


def test_a_stack_whose_database_is_gone_goes_but_not_where_it_is_in_an_account_that_was_not_listed() -> None:
    alone = stack()
    assert swept(replace(EMPTY, stacks=(alone,)), {1}) == [(Kind.STACK, "pr-1", "its database is gone")]
    elsewhere = replace(alone, databases=(replace(database(), account_id="b"),))
    assert swept(replace(EMPTY, stacks=(elsewhere,)), {1}) == []
    assert swept(replace(EMPTY, stacks=(replace(alone, databases=()),)), {1}) == []


def test_a_database_without_a_stack_goes_when_its_pull_request_is_closed_or_it_is_old() -> None:
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
        world = replace(EMPTY, databases=(database(created_at=created),))
        assert swept(world, opened) == ([(Kind.DATABASE, "shop-db-pr-1", reason)] if reason else [])


def test_an_entry_goes_with_its_database_and_only_of_a_pull_request() -> None:
    entries = tuple(
        Entry("wrangler.toml", name, "DB", f"shop-db-{name}", f"id-{name}") for name in ("pr-1", "pr-2", "demo")
    )
    world = replace(EMPTY, databases=(database(),), entries=entries)
    assert swept(world) == [
        (Kind.DATABASE, "shop-db-pr-1", "no stack owns it, and it is older than 7d"),
        (Kind.ENTRY, "wrangler.toml: 'DB' of 'pr-1'", "its database goes"),
        (Kind.ENTRY, "wrangler.toml: 'DB' of 'pr-2'", "its database is gone"),
    ]


@pytest.mark.parametrize(
    ("kept", "committed", "reason"),
    [
        (replace(stack("dev"), ttl="1h"), "", "'dev' is never ephemeral"),
        (replace(stack(), protected=True), "", "it is protected"),
        (stack(), "pr-1", "Pulumi.pr-1.yaml is committed"),
        (replace(stack("staging"), ttl=""), "", "it has no ttl"),
        (stack(), "", "its database is that of stack 'prod' too"),
    ],
)
def test_why_a_stack_is_kept_is_said(kept: Environment, committed: str, reason: str) -> None:
    prod = Environment("prod", NOW, "", protected=True, databases=(database(),))
    world = replace(EMPTY, stacks=(kept, prod), committed=frozenset({committed}))
    assert kept_because(kept, world) == reason
