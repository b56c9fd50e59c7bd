"""The local database of the real wrangler is found by its configuration, and read without changing a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import live
from pulumi_d1.wrangler.entry import WranglerEntry
from pulumi_d1.wrangler.local_databases import local_database, local_id

if TYPE_CHECKING:
    from tests.support.wrangler import Wrangler

pytestmark = pytest.mark.thorough

ID = "11111111-1111-4111-8111-111111111111"
MIGRATION = "CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT);\n"


@pytest.mark.parametrize(
    "fields",
    [
        f'database_id = "{ID}"',
        f'database_id = "{ID}"\npreview_database_id = "preview-x"',
        'database_id = ""',
        "",
    ],
    ids=["its id", "its preview id", "an empty id", "its binding"],
)
def test_migrations_that_wrangler_applied_locally_are_read(wrangler: Wrangler, fields: str) -> None:
    text = f'name = "shop"\n\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\n{fields}\n'
    wrangler.write("wrangler.toml", text)
    wrangler.write("migrations/0001_tags.sql", MIGRATION)
    id_ = local_id(text, WranglerEntry("wrangler.toml", "", "DB"))
    configuration = wrangler.folder / "wrangler.toml"
    assert id_ is not None
    assert local_database(configuration, id_) is None
    wrangler.d1("migrations", "apply", "DB", "--local")

    files = sorted((wrangler.folder / ".wrangler").rglob("*"))
    database = local_database(configuration, id_)
    assert database is not None
    now = live.read_database(database, "d1_migrations")
    assert now.ledger == ("0001_tags.sql",)
    assert ("table", "tags") in {item.key for item in now.objects}
    assert sorted((wrangler.folder / ".wrangler").rglob("*")) == files

    wrangler.d1("execute", "DB", "--local", "--command", "DROP TABLE tags")
    assert ("table", "tags") not in {item.key for item in live.read_database(database, "d1_migrations").objects}


def test_an_environment_has_its_own_id_and_a_missing_binding_has_none() -> None:
    text = '{"env": {"staging": {"d1_databases": [{"binding": "DB", "database_id": "x"}]}}, "d1_databases": []}'
    assert local_id(text, WranglerEntry("wrangler.jsonc", "staging", "DB")) == "x"
    assert local_id(text, WranglerEntry("wrangler.jsonc", "", "DB")) is None
