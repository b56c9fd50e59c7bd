"""A parsed configuration lists its entries in any syntax."""

from dataclasses import replace

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.edit import put
from tests.support.toml_texts import DEV, PROD


@pytest.mark.parametrize("name", ["wrangler.toml", "wrangler.jsonc", "wrangler.json"])
def test_entries_are_listed_with_their_place(name: str) -> None:
    dev, prod = replace(DEV, path=name), replace(PROD, path=name, database_id="22222222-2222-4222-8222-222222222222")
    entries = Document.parse(put(put(None, dev), prod), name).entries
    assert entries == (
        replace(dev, migrations_table="", worker=""),
        replace(prod, migrations_table="", worker=""),
    )
    assert [str(entry) for entry in entries] == ["'DB' in 'd1_databases'", "'DB' in 'env.production.d1_databases'"]


def test_a_placeholder_is_not_an_id() -> None:
    text = '{"d1_databases": [{"database_id": "<id>"}, {}], "env": {"a": {}}}'
    assert [entry.database_id for entry in Document.parse(text, "wrangler.json").entries] == ["", ""]


def test_an_env_that_is_not_a_table_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"line 1, column 9: 'env' is not an object"):
        _ = Document.parse('{"env": [1]}', "wrangler.json").entries
