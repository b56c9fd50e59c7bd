"""Names of ephemeral stacks and of their databases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.ephemeral.names import PERMANENT, parse_stack_name, pull_request_of_database, pull_request_of_stack
from pulumi_d1.errors import ConfigError
from pulumi_d1.naming import database_name

PROJECTS = st.from_regex("[a-z](-?[a-z0-9])*(-db(-pr-[1-9])?){0,2}", fullmatch=True).filter(lambda text: len(text) < 30)
NUMBERS = st.integers(1, 9_999_999_999)


def test_a_number_names_the_stack_of_a_pull_request() -> None:
    assert [parse_stack_name(given) for given in ("12", "pr-12", "demo", "pr-x")] == ["pr-12", "pr-12", "demo", "pr-x"]


@pytest.mark.parametrize(
    "argument", [*sorted(PERMANENT), "", "0", "012", "-1", "a/b", "a b", "pr 12", "\u0661\u0662", "--yes"]
)
def test_a_name_that_no_ephemeral_stack_can_have_is_refused(argument: str) -> None:
    with pytest.raises(ConfigError):
        parse_stack_name(argument)


@pytest.mark.parametrize(
    "stack", ["pr-", "pr-0", "pr-012", "pr-1a", "PR-1", "xpr-1", "pr-1\n", "pr--1", "pr-\u0661", "dev"]
)
def test_a_similar_name_is_not_a_pull_requests_stack(stack: str) -> None:
    assert pull_request_of_stack(stack) is None


@given(PROJECTS, NUMBERS)
def test_the_name_of_a_database_identifies_its_pull_request(project: str, number: int) -> None:
    assert pull_request_of_database(database_name(project, f"pr-{number}"), project) == number


@given(PROJECTS, PROJECTS, NUMBERS)
def test_a_database_of_another_project_is_never_ours(ours: str, other: str, number: int) -> None:
    taken = pull_request_of_database(database_name(other, f"pr-{number}"), ours)
    assert taken == (number if ours == other else None)


@given(PROJECTS, PROJECTS, st.sampled_from(sorted(PERMANENT)))
def test_dev_and_prod_of_any_project_are_never_a_pull_requests(ours: str, other: str, stack: str) -> None:
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
