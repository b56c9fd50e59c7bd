"""Names of databases follow `[project]-db-[environment]` and D1's rules; production has two names."""

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line
from pulumi_d1.naming import MAX_LENGTH, database_name, is_production, production_name, title_of


@pytest.mark.parametrize(
    ("environment", "expected"), [("dev", "shop-db-dev"), ("prod", "shop-db-prod"), ("pr-12", "shop-db-pr-12")]
)
def test_the_name_follows_the_convention(environment: str, expected: str) -> None:
    assert database_name("shop", environment) == expected


@pytest.mark.parametrize("project", ["my.shop", "my shop", "-shop", "shöp", "shop\n"])
def test_a_name_that_d1_refuses_is_shown_with_one_that_it_takes(project: str) -> None:
    with pytest.raises(ConfigError) as error:
        database_name(project, "dev")
    assert f"'{escape_line(project)}-db-dev'" in str(error.value)
    suggestion = str(error.value).partition("such as '")[2].partition("'")[0]
    assert database_name(suggestion.removesuffix("-db-dev"), "dev") == suggestion
    assert "projectName" in str(error.value)


def test_the_longest_name_is_accepted_and_the_error_for_a_longer_one_has_the_limit() -> None:
    longest = "p" * (MAX_LENGTH - len("-db-dev"))
    assert len(database_name(longest, "dev")) == MAX_LENGTH
    with pytest.raises(ConfigError, match=rf"has {MAX_LENGTH + 1} characters.*at most {len(longest)} characters"):
        database_name(longest + "p", "dev")


@pytest.mark.parametrize("environment", ["prod", "production", "acme/prod", "acme/production"])
def test_production_has_two_names_and_may_belong_to_an_organization(environment: str) -> None:
    assert is_production(environment)
    assert title_of(environment) == "Production"


@pytest.mark.parametrize("environment", ["dev", "preprod", "prod-2", "Prod", "prod/eu", "production/", "", "pr-12"])
def test_no_other_environment_is_production(environment: str) -> None:
    assert not is_production(environment)
    assert title_of(environment) != "Production"


def test_an_environment_without_a_title_has_the_name_of_its_stack() -> None:
    assert [title_of(name) for name in ("dev", "acme/dev", "staging", "acme/pr-12")] == [
        "Development",
        "Development",
        "staging",
        "pr-12",
    ]


@pytest.mark.parametrize(
    ("environments", "name"),
    [
        ((), "prod"),
        (("dev", "pr-12"), "prod"),
        (("dev", "production"), "production"),
        (("acme/production",), "production"),
        (("production", "prod"), "prod"),
    ],
)
def test_production_is_called_as_the_project_calls_it(environments: tuple[str, ...], name: str) -> None:
    assert production_name(environments) == name
