"""Only our entry of wrangler.toml changes; the rest stays to the byte."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import ConfigError
from infra.render.wrangler import Binding, put, remove

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


def test_a_new_file_holds_dev_at_the_top_and_prod_in_its_environment() -> None:
    text = put(put(None, DEV), PROD)
    assert tomllib.loads(text)["name"] == "shop"
    assert databases(text) == [
        {
            "binding": "DB",
            "database_name": "shop-db-dev",
            "database_id": DEV.database_id,
            "migrations_dir": "migrations",
        }
    ]
    assert [entry["database_name"] for entry in databases(text, "production")] == ["shop-db-prod"]


@pytest.mark.parametrize("entry", [DEV, PROD])
@pytest.mark.parametrize("text", [USERS, "", 'name = "shop"', 'name = "shop"\n\n\n'])
def test_putting_and_removing_gives_the_users_text_back(entry: Binding, text: str) -> None:
    changed = put(text, entry)
    assert all(line in changed for line in text.splitlines())
    assert entry.database_id in changed
    assert remove(changed, entry).rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize("entry", [DEV, PROD])
@pytest.mark.parametrize("text", [USERS, INLINE])
def test_putting_twice_changes_nothing_more(entry: Binding, text: str) -> None:
    assert put(put(text, entry), entry) == put(text, entry)


def test_an_entry_with_a_placeholder_is_filled_in_where_it_stands() -> None:
    text = USERS.replace('"OTHER"   # somebody else\'s', '"DB"   # ours')
    changed = put(text, PROD)
    assert len(databases(changed, "production")) == 1
    assert databases(changed, "production")[0]["database_id"] == PROD.database_id
    assert '"DB"   # ours' in changed


def test_an_inline_list_stays_inline() -> None:
    changed = put(INLINE, DEV)
    assert databases(changed)[0]["database_id"] == DEV.database_id
    assert "# was here" in changed
    assert "[[" not in changed


def test_removing_leaves_other_bindings_and_other_environments() -> None:
    text = put(put(USERS, DEV), PROD)
    assert remove(text, PROD) == put(USERS, DEV)
    assert remove(text, DEV) == put(USERS, PROD)


def test_an_entry_that_somebody_pointed_at_another_database_is_not_removed() -> None:
    text = put(USERS, DEV)
    assert remove(text, replace(DEV, database_id="3" * 36)) == text


def test_keys_that_the_user_added_to_our_entry_go_with_it_and_leave_no_rest() -> None:
    text = put(USERS, DEV) + 'preview_database_id = "p"\n\n[site]\nbucket = "b"\n'
    removed = tomllib.loads(remove(text, DEV))
    assert removed == {**tomllib.loads(USERS), "site": {"bucket": "b"}}


def test_another_ledger_is_named_in_the_entry() -> None:
    assert databases(put(None, replace(DEV, migrations_table='my "table')))[0]["migrations_table"] == 'my "table'


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"not valid TOML.*line 2"):
        put('name = "x"\nmain = \n', DEV)


def test_a_list_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"'env\.production\.d1_databases' is not a list of databases"):
        put("[env.production]\nd1_databases = 1\n", PROD)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_the_template(text: str) -> None:
    entry = replace(DEV, database_name=text)
    assert databases(put(None, entry))[0]["database_name"] == text
