"""Lifetimes of ephemeral environments."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pulumi_d1.ephemeral.ttl import parse_ttl
from pulumi_d1.errors import ConfigError
from pulumi_d1.settings import Settings, read_settings


def settings(stack: str, **values: str) -> Settings:
    config = {f"shop:{key}": value for key, value in values.items()}
    return read_settings(config, environment=stack, project="shop", account_id="a" * 32)


def test_a_time_to_live_has_a_number_and_a_unit() -> None:
    assert parse_ttl("90m") == timedelta(minutes=90)
    assert parse_ttl("72h") == timedelta(days=3)
    assert parse_ttl("7d") == parse_ttl("1w") == timedelta(days=7)
    assert parse_ttl("never") is None


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "1.5h", "7 d", "99999d", "7d\n", "7D", "forever"])
def test_any_other_time_to_live_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 72h or 7d"):
        parse_ttl(text)


def test_the_stack_of_a_pull_request_lives_a_week_and_another_as_long_as_its_ttl() -> None:
    assert settings("pr-12").lifetime == "7d"
    assert settings("pr-12", ttl="never").lifetime == "never"
    assert settings("demo", ttl="72h").lifetime == "72h"
    assert settings("demo").lifetime == settings("dev").lifetime == ""
    assert settings("pr-12", protect="true").lifetime == ""


@pytest.mark.parametrize(("stack", "protect"), [("dev", ""), ("prod", ""), ("demo", "true"), ("pr-12", "true")])
def test_a_stack_that_never_expires_takes_no_time_to_live(stack: str, protect: str) -> None:
    with pytest.raises(ConfigError, match=r"shop:ttl: '7d' is not allowed: .*never expire"):
        settings(stack, ttl="7d", protect=protect)


def test_a_time_to_live_that_is_none_is_named_with_its_key() -> None:
    with pytest.raises(ConfigError, match=r"shop:ttl: 'soon' is not allowed: .*such as 72h or 7d"):
        settings("demo", ttl="soon")
