"""Configurations in TOML that tests put entries into, and the entries."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import partial

from pulumi_d1.wrangler import edit as wrangler
from pulumi_d1.wrangler.entry import Binding

put = partial(wrangler.put, name="wrangler.toml")

DEV = Binding("shop", "", "DB", "shop-db-dev", "11111111-1111-4111-8111-111111111111", "migrations", "d1_migrations")
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
    document = tomllib.loads(text)
    found: list[dict[str, str]] = (document["env"][environment] if environment else document)["d1_databases"]
    return found
