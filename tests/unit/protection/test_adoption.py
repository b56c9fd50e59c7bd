"""A database that Pulumi would replace, and so delete, does not become a stack's."""

from __future__ import annotations

import pytest

from pulumi_d1.cloudflare.account import DatabaseInfo
from pulumi_d1.errors import ConfigError
from pulumi_d1.protection.adoption import refuse_misfit
from pulumi_d1.settings import Settings, read_settings

ACCOUNT = "a" * 32
ID = "11111111-2222-4333-8444-555555555555"
OTHER_ID = ID.replace("1", "9")


def settings(**values: str) -> Settings:
    config = {f"shop:{key}": value for key, value in values.items()}
    return read_settings(config, environment="prod", project="shop", account_id=ACCOUNT)


@pytest.mark.parametrize(
    ("values", "jurisdiction"), [({}, ""), ({"jurisdiction": "eu"}, "eu"), ({"adopt": ID}, ""), ({"adopt": ""}, "")]
)
def test_a_database_that_fits_is_adopted(values: dict[str, str], jurisdiction: str) -> None:
    refuse_misfit(DatabaseInfo(ID, "shop-db-prod", jurisdiction), settings(**values))


@pytest.mark.parametrize(
    ("values", "jurisdiction", "message"),
    [
        ({"adopt": OTHER_ID}, "", f"adopt is {OTHER_ID}, but shop-db-prod is {ID}: only that database can become"),
        ({"locationHint": "weur"}, "", "remove the key with 'pulumi config rm locationHint --stack prod'"),
        ({}, "eu", "jurisdiction is none, but shop-db-prod has eu, and D1 cannot change it"),
        ({"jurisdiction": "eu"}, "", "jurisdiction is eu, but shop-db-prod has none, and D1 cannot change it"),
    ],
)
def test_a_database_that_would_be_replaced_is_refused(values: dict[str, str], jurisdiction: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        refuse_misfit(DatabaseInfo(ID, "shop-db-prod", jurisdiction), settings(**values))
