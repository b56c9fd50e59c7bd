"""A Worker, as its wrangler configuration describes it."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.entry import WranglerEntry
from pulumi_d1.wrangler.worker import Placeholder, Worker, read_worker

ID = "7b4f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52"


@pytest.mark.parametrize("name", ["wrangler.toml", "wrangler.jsonc"])
def test_a_configuration_is_read_as_wrangler_reads_it(name: str) -> None:
    texts = {
        "wrangler.toml": f"""
            name = "shop"
            account_id = "{"a" * 32}"
            [[d1_databases]]
            binding = "DB"
            database_id = "{ID}"
            migrations_dir = "./sql"
            [[env.production.d1_databases]]
            binding = "DB"
            database_name = "shop-db-prod"
            database_id = "your-prod-database-id"
            [env.quiet]
        """,
        "wrangler.jsonc": f"""{{ // a comment
            "name": "shop", "account_id": "{"a" * 32}",
            "d1_databases": [{{"binding": "DB", "database_id": "{ID}", "migrations_dir": "./sql"}}],
            "env": {{
                "production": {{"d1_databases": [
                    {{"binding": "DB", "database_name": "shop-db-prod", "database_id": "your-prod-database-id"}},
                ]}},
                "quiet": {{}},
            }},
        }}""",
    }
    assert read_worker(texts[name], name) == Worker(
        "shop",
        "a" * 32,
        ("production", "quiet"),
        (
            WranglerEntry(name, "", "DB", "", ID, migrations_dir="./sql"),
            WranglerEntry(name, "production", "DB", "shop-db-prod"),
        ),
        placeholders=(
            Placeholder(
                f"{name}:{11 if name.endswith('toml') else 6}",
                "'DB' in 'env.production.d1_databases'",
                "your-prod-database-id",
                "production",
                "DB",
            ),
        ),
    )
    with pytest.raises(ConfigError, match="an entry of 'd1_databases' has no binding"):
        read_worker('{"d1_databases": [{}]}', "wrangler.json")
