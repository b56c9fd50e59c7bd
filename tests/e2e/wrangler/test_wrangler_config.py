"""The real wrangler reads the entries that we write into a configuration with comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.wrangler.edit import put
from pulumi_d1.wrangler.entry import WranglerEntry

if TYPE_CHECKING:
    from tests.support.http_account import HttpAccount
    from tests.support.wrangler import Wrangler

COMMENTED = """\
\ufeff// the worker
{
\t"name": "shop", // "name": "no"
\t/* where
\t   it starts */
\t"main": "src/index.js",
\t"compatibility_date": "2026-01-01",
\t"d1_databases": [
\t\t{ "binding": "OTHER", "database_name": "other", "database_id": "x" }, // not ours
\t],
\t"env": {
\t\t"production": { /* empty */ },
\t},
}
"""


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["wrangler.jsonc", "wrangler.json"])
def test_wrangler_finds_the_databases_of_both_environments(wrangler: Wrangler, cloud: HttpAccount, name: str) -> None:
    text = COMMENTED.removeprefix("\ufeff")
    for environment, database in (("", "shop-dev"), ("production", "shop-prod")):
        uuid = cloud.create(database)
        pattern = "sql/*/migration.sql" if environment else ""
        text = put(text, WranglerEntry(name, environment, "DB", database, uuid, "sql", "steps", pattern))
    wrangler.write(name, "\ufeff" + text)
    wrangler.write("src/index.js", "export default { fetch: () => new Response('hello') };\n")
    wrangler.write("sql/0001_a.sql", "CREATE TABLE a (x);\n")
    wrangler.write("sql/0002_b/migration.sql", "CREATE TABLE b (x);\n")

    for environment, file, database in (("", "0001_a.sql", "shop-dev"), ("production", "0002_b", "shop-prod")):
        listed = wrangler.d1("migrations", "list", "DB", "--remote", f"--env={environment}")
        assert re.findall(r"\d{4}_\w(?:\.sql)?", listed.stdout) == [file]
        deployed = wrangler.run("deploy", "--dry-run", f"--env={environment}")
        assert re.search(rf"env\.DB \({database}\) +D1 Database", deployed.stdout)
        assert "Unexpected fields" not in deployed.stderr


def test_wrangler_reads_a_new_wrangler_jsonc(wrangler: Wrangler, cloud: HttpAccount) -> None:
    id_ = cloud.create("shop")
    entry = WranglerEntry("wrangler.jsonc", "", "DB", "shop", id_, "migrations", "d1_migrations", worker="shop")
    wrangler.write("wrangler.jsonc", put(None, entry))
    wrangler.write("migrations/0001_a.sql", "CREATE TABLE a (x);\n")
    assert "0001_a.sql" in wrangler.d1("migrations", "list", "DB", "--remote").stdout
