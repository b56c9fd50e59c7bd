"""Every database is in one shard, the same on every machine, and a stack's database is in none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.cloudflare.account import DatabaseInfo
from pulumi_d1.errors import ConfigError
from pulumi_d1.fleet.selection import Selection, Shard, parse_shard, select_members, stack_databases

NAMES = st.sets(st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=30), min_size=1, max_size=50)


def described(*names: str) -> list[DatabaseInfo]:
    return [DatabaseInfo(f"id of {name}", name, "") for name in names]


def names(*databases: str, match: str, shard: str = "1/1") -> list[str]:
    return [
        item.database
        for item in select_members(
            described(*databases),
            Selection(f"--match '{match}'", match),
            parse_shard(shard),
            stack_databases((), ("shop",), ()),
        )
    ]


@given(NAMES, st.integers(1, 64))
def test_every_database_is_in_one_shard(databases: set[str], parts: int) -> None:
    in_shards = [name for part in range(1, parts + 1) for name in databases if Shard(part, parts).has(name)]
    assert sorted(in_shards) == sorted(databases)


def test_a_name_is_in_the_same_shard_on_every_machine_and_in_every_version() -> None:
    # A stored format: a resumed fleet of shards would meet other databases.
    placed = [next(n for n in range(1, 17) if Shard(n, 16).has(f"shop-tenant-{number}")) for number in range(8)]
    assert placed == [1, 3, 12, 13, 1, 4, 11, 7]


def test_shards_have_about_the_same_size() -> None:
    sizes = [sum(Shard(part, 16).has(f"shop-tenant-{number}") for number in range(16_000)) for part in range(1, 17)]
    assert max(sizes) - min(sizes) < 200


def test_a_pattern_selects_by_name_and_in_order() -> None:
    assert names("b-2", "a-1", "b-1", "B-3", match="b-*") == ["b-1", "b-2"]
    assert names("b-2", "b-1", match="b-[2-9]") == ["b-2"]


def test_a_stacks_database_is_refused_and_named() -> None:
    with pytest.raises(
        ConfigError, match=r"also matches databases of this project's stacks: shop-db-dev, shop-db-prod\. "
    ):
        names("shop-tenant-1", "shop-db-prod", "shop-db-dev", match="shop-*")
    with pytest.raises(ConfigError, match="pulumi up"):
        names("shop-db-prod", match="shop-db-prod")


@pytest.mark.parametrize(
    ("name", "is_owned"),
    [
        ("shop-db-dev", True),
        ("shop-db-somebodys", True),
        ("legacy", True),
        ("shop-orders-db-v1.2", True),
        ("shop-orders-db-prod", True),
        ("shop-orders-db-pr-7", True),
        ("shop-tenant-1", False),
        ("shop-orders-db-tenant-1", False),
        ("shopping-orders-db-prod", False),
        ("other-db-prod", False),
    ],
)
def test_the_name_of_a_stacks_database_is_recognized_in_larger_programs_too(name: str, is_owned: bool) -> None:  # noqa: FBT001 - a parameter
    of_stacks = stack_databases({"legacy"}, {"shop"}, {"dev", "prod", "v1.2"})
    assert bool(of_stacks.fullmatch(name)) is is_owned


def test_a_stack_s_database_is_refused_in_every_shard() -> None:
    for shard in ("1/2", "2/2"):
        with pytest.raises(ConfigError, match="shop-db-prod"):
            names("shop-tenant-1", "shop-db-prod", match="shop-*", shard=shard)


def test_a_pattern_that_nothing_matches_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match=re.escape("--match 'shop-tenants-*': no database of the account")):
        names("shop-tenant-1", match="shop-tenants-*")


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "a/b", "1/0", "-1/4", "1/4/2", f"1/{'9' * 5000}"])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 3/16"):
        parse_shard(text)


def test_a_list_selects_by_name_or_uuid_and_a_missing_one_is_a_mistake() -> None:
    listed = Selection("--members file", names=frozenset({"a-1", "id of a-2"}))
    members = select_members(described("a-3", "a-2", "a-1"), listed, Shard(), stack_databases((), (), ()))
    assert [item.database for item in members] == ["a-1", "a-2"]
    with pytest.raises(ConfigError, match="--members file: the account has no database id of a-2"):
        select_members(described("a-1"), listed, Shard(), stack_databases((), (), ()))
    rows = Selection("--sql control", names=frozenset({"a-1", "person@example.com"}), are_rows=True)
    with pytest.raises(ConfigError, match=r"^--sql control: the account has no database for 1 of 2 names$"):
        select_members(described("a-1"), rows, Shard(), stack_databases((), (), ()))
