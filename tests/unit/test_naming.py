"""[project]-db-[environment], within D1's rules."""

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.naming import MAX_LENGTH, database_name


@pytest.mark.parametrize(
    ("environment", "expected"), [("dev", "shop-db-dev"), ("prod", "shop-db-prod"), ("pr-12", "shop-db-pr-12")]
)
def test_the_name_follows_the_convention(environment: str, expected: str) -> None:
    assert database_name("shop", environment) == expected


@pytest.mark.parametrize("project", ["my.shop", "my shop", "-shop", "shöp", "shop\n"])
def test_a_name_that_d1_refuses_is_shown_with_one_that_it_takes(project: str) -> None:
    with pytest.raises(ConfigError) as error:
        database_name(project, "dev")
    assert f"'{project}-db-dev'" in str(error.value)
    suggestion = str(error.value).partition("such as '")[2].partition("'")[0]
    assert database_name(suggestion.removesuffix("-db-dev"), "dev") == suggestion
    assert "projectName" in str(error.value)


def test_the_longest_name_is_accepted_and_a_longer_one_says_by_how_much() -> None:
    longest = "p" * (MAX_LENGTH - len("-db-dev"))
    assert len(database_name(longest, "dev")) == MAX_LENGTH
    with pytest.raises(ConfigError, match=rf"has {MAX_LENGTH + 1} characters.*at most {len(longest)} characters"):
        database_name(longest + "p", "dev")
