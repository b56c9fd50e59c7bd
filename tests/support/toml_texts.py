"""TOML configurations, and entries to put into them."""

from __future__ import annotations

import tomllib
from dataclasses import replace

from pulumi_d1.wrangler.entry import WranglerEntry

DEV = WranglerEntry(
    path="wrangler.toml",
    environment="",
    binding="DB",
    database_name="shop-db-dev",
    database_id="11111111-1111-4111-8111-111111111111",
    migrations_dir="migrations",
    migrations_table="d1_migrations",
    worker="shop",
)
PROD = replace(DEV, environment="production", database_name="shop-db-prod", database_id="2" * 36)

USERS = """\
# my worker
name = "shop" # keep me
main = "src/index.ts"

[vars]
A = 1

# Production environment
[[env.production.d1_databases]]
binding = "OTHER"   # somebody else's
database_name = "other"
database_id = "x"

[env.production.vars]
B = 2
"""

INLINE = """\
name = "shop"
d1_databases = [
  { binding = "DB", database_name = "old", database_id = "old" }, # was here
]
"""


def databases(text: str, environment: str = "") -> list[dict[str, str]]:
    """Return the list of databases of a wrangler environment; by default, that of the top level."""
    document = tomllib.loads(text)
    entries: list[dict[str, str]] = (document["env"][environment] if environment else document)["d1_databases"]
    return entries
