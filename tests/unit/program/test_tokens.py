"""The type tokens are those that Pulumi gives to our resources."""

from __future__ import annotations

from pulumi_d1.program import tokens
from pulumi_d1.program.resources.migrations import D1Migrations


def test_the_token_of_the_migrations() -> None:
    assert f"pulumi-python:{D1Migrations._resource_type_name}" == tokens.MIGRATIONS  # noqa: SLF001 - the SDK's name
