"""What a configuration says otherwise than a stack, value by value."""

from dataclasses import replace

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.compare import bound, differences
from pulumi_d1.wrangler.edit import put
from pulumi_d1.wrangler.entry import Binding

ID = "11111111-1111-4111-8111-111111111111"
DEV = Binding("shop", "", "DB", "shop-db-dev", ID, "migrations", "d1_migrations")
PROD = replace(DEV, environment="production", database_id="22222222-2222-4222-8222-222222222222")
NAMES = ["wrangler.toml", "wrangler.jsonc", "wrangler.json"]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_put_differs_in_nothing(name: str) -> None:
    text = put(put(None, DEV, name), PROD, name)
    assert differences(text, DEV, name) == differences(text, PROD, name) == []
    assert [(entry.database_id, entry.environment, str(entry)) for entry in bound(text, name)] == [
        (DEV.database_id, "", "'DB' in 'd1_databases'"),
        (PROD.database_id, "production", "'DB' in 'env.production.d1_databases'"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_each_value_that_differs_is_named_and_keys_of_the_users_are_not(name: str) -> None:
    text = put(None, replace(DEV, migrations_pattern="p", database_id=""), name)
    text = text.replace("migrations_dir", "remote")
    assert differences(text, replace(DEV, migrations_table="steps"), name) == [
        f"'DB' in 'd1_databases': database_id is \"\", not \"{ID}\"",
        "'DB' in 'd1_databases': migrations_dir is not there, and should be \"migrations\"",
        "'DB' in 'd1_databases': migrations_table is not there, and should be \"steps\"",
        "'DB' in 'd1_databases': migrations_pattern is \"p\", and should not be there",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_that_is_not_there_is_missing(name: str) -> None:
    assert differences(put(None, DEV, name), PROD, name) == ["'DB' in 'env.production.d1_databases' is missing"]


def test_a_placeholder_is_no_database_and_a_list_that_is_none_is_refused() -> None:
    assert bound('{"d1_databases": [{"database_id": "<id>"}, {}], "env": {"a": {}}}', "wrangler.json") == []
    with pytest.raises(ConfigError, match=r"line 1, column 9: 'env' is not an object"):
        bound('{"env": [1]}', "wrangler.json")
