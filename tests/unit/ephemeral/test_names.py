"""Which stacks are ephemeral, whose database a name is, and how long they live."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.ephemeral.names import PERMANENT, pull_request, pull_request_of_database, stack_of
from pulumi_d1.ephemeral.ttl import read_ttl
from pulumi_d1.errors import ConfigError
from pulumi_d1.naming import database_name
from pulumi_d1.settings import Settings, read_settings

PROJECTS = st.from_regex("[a-z](-?[a-z0-9])*(-db(-pr-[1-9])?){0,2}", fullmatch=True).filter(lambda text: len(text) < 30)
NUMBERS = st.integers(1, 9_999_999_999)


def settings(stack: str, **values: str) -> Settings:
    config = {f"shop:{key}": value for key, value in values.items()}
    return read_settings(config, environment=stack, project="shop", account_id="a" * 32)


def test_a_number_is_a_pull_requests_stack_and_a_name_is_itself() -> None:
    assert [stack_of(given) for given in ("12", "pr-12", "demo", "pr-x")] == ["pr-12", "pr-12", "demo", "pr-x"]


@pytest.mark.parametrize(
    "argument", [*sorted(PERMANENT), "", "0", "012", "-1", "a/b", "a b", "pr 12", "\u0661\u0662", "--yes"]
)
def test_what_is_no_ephemeral_stacks_name_is_refused(argument: str) -> None:
    with pytest.raises(ConfigError):
        stack_of(argument)


@pytest.mark.parametrize(
    "stack", ["pr-", "pr-0", "pr-012", "pr-1a", "PR-1", "xpr-1", "pr-1\n", "pr--1", "pr-\u0661", "dev"]
)
def test_a_stack_that_only_looks_like_a_pull_requests_is_none(stack: str) -> None:
    assert pull_request(stack) is None


@given(PROJECTS, NUMBERS)
def test_a_pull_requests_database_is_known_by_its_name(project: str, number: int) -> None:
    assert pull_request_of_database(database_name(project, f"pr-{number}"), project) == number


@given(PROJECTS, PROJECTS, NUMBERS)
def test_a_database_of_another_project_is_never_ours(ours: str, other: str, number: int) -> None:
    taken = pull_request_of_database(database_name(other, f"pr-{number}"), ours)
    assert taken == (number if ours == other else None)


@given(PROJECTS, PROJECTS, st.sampled_from(sorted(PERMANENT)))
def test_dev_and_prod_of_any_project_are_never_taken_for_a_pull_requests(ours: str, other: str, stack: str) -> None:
    assert pull_request_of_database(database_name(other, stack), ours) is None


@pytest.mark.parametrize("stack", ["db-pr-1", "x-db-pr-1", "db-dev"])
def test_a_stack_whose_database_could_be_another_projects_is_refused(stack: str) -> None:
    with pytest.raises(ConfigError, match="'-db-'"):
        database_name("shop", stack)


def test_the_longer_project_keeps_its_databases() -> None:
    assert pull_request_of_database("shop-db-pr-1", "shop") == 1
    assert pull_request_of_database("shop-db-pr-1", "shop-db") is None
    assert pull_request_of_database("shop-db-db-pr-1", "shop") is None
    assert pull_request_of_database("shop-2-db-pr-1", "shop") is None


def test_a_time_to_live_has_a_number_and_a_unit() -> None:
    assert read_ttl("90m") == timedelta(minutes=90)
    assert read_ttl("72h") == timedelta(days=3)
    assert read_ttl("7d") == read_ttl("1w") == timedelta(days=7)
    assert read_ttl("never") is None


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "1.5h", "7 d", "99999d", "7d\n", "7D", "forever"])
def test_any_other_time_to_live_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 72h or 7d"):
        read_ttl(text)


def test_the_stacks_of_pull_requests_live_a_week_and_others_as_long_as_they_are_told() -> None:
    assert settings("pr-12").lifetime == "7d"
    assert settings("pr-12", ttl="never").lifetime == "never"
    assert settings("demo", ttl="72h").lifetime == "72h"
    assert settings("demo").lifetime == settings("dev").lifetime == ""
    assert settings("pr-12", protect="true").lifetime == ""


@pytest.mark.parametrize(("stack", "protect"), [("dev", ""), ("prod", ""), ("demo", "true"), ("pr-12", "true")])
def test_what_lives_for_ever_takes_no_time_to_live(stack: str, protect: str) -> None:
    with pytest.raises(ConfigError, match=r"shop:ttl: '7d' is not allowed: .*live for ever"):
        settings(stack, ttl="7d", protect=protect)


def test_a_time_to_live_that_is_none_is_named_with_its_key() -> None:
    with pytest.raises(ConfigError, match=r"shop:ttl: 'soon' is not allowed: .*such as 72h or 7d"):
        settings("demo", ttl="soon")
