"""Only our entry of wrangler.toml changes; every other byte stays. Differences are reported value by value."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.edit import differences, put, refuse_foreign, remove
from pulumi_d1.wrangler.entry import WranglerEntry
from tests.support.toml_texts import DEV, INLINE, PROD, USERS, databases

NAMES = ["wrangler.toml", "wrangler.jsonc", "wrangler.json"]


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
@pytest.mark.parametrize("text", [USERS, "", "\n", 'name = "shop"', 'name = "shop"\n\n\n'])
def test_putting_and_removing_gives_the_users_text_back(entry: WranglerEntry, text: str) -> None:
    changed = put(text, entry)
    assert all(line in changed for line in text.splitlines())
    assert entry.database_id in changed
    assert remove(changed, entry) == text


@pytest.mark.parametrize("entry", [DEV, PROD])
@pytest.mark.parametrize("text", [USERS, INLINE])
def test_putting_twice_changes_nothing_more(entry: WranglerEntry, text: str) -> None:
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


def test_an_entry_with_the_id_of_another_database_is_not_removed() -> None:
    text = put(USERS, DEV)
    assert remove(text, replace(DEV, database_id="3" * 36)) == text


def test_keys_that_the_user_added_to_our_entry_are_removed_with_it() -> None:
    text = put(USERS, DEV) + 'preview_database_id = "p"\n\n[site]\nbucket = "b"\n'
    removed = tomllib.loads(remove(text, DEV))
    assert removed == {**tomllib.loads(USERS), "site": {"bucket": "b"}}


def test_another_ledger_is_named_in_the_entry() -> None:
    assert databases(put(None, replace(DEV, migrations_table='my "table')))[0]["migrations_table"] == 'my "table'


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"not valid TOML.*line 2"):
        put('name = "x"\nmain = \n', DEV)


def test_a_value_that_is_not_a_list_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"'env\.production\.d1_databases' is not a list of databases"):
        put("[env.production]\nd1_databases = 1\n", PROD)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_the_template(text: str) -> None:
    entry = replace(DEV, database_name=text)
    assert databases(put(None, entry))[0]["database_name"] == text


HAND_WRITTEN = """\
name = "shop"

[env.production]
name = "shop-live"

# --- storage ---
[[kv_namespaces]]
binding = "KV"
id = "k"
"""

FOREIGN = """\
[[d1_databases]]
binding = "DB"
database_id = "%s"
"""


def test_tables_out_of_order_stay_where_they_are_when_the_entry_changes() -> None:
    once = put(HAND_WRITTEN, PROD)
    assert put(once, PROD) == once
    assert put(once, replace(PROD, database_id="other")) == once.replace(PROD.database_id, "other")
    assert remove(once, PROD) == HAND_WRITTEN


def test_an_entry_goes_behind_the_last_one_of_its_list_and_keeps_the_comment_of_what_follows() -> None:
    text = '[[d1_databases]]\nbinding = "OTHER"\n\n# the rest\n[vars]\nA = 1\n'
    changed = put(text, DEV)
    assert changed == text.replace('"OTHER"\n', '"OTHER"\n\n' + DEV.block)
    assert remove(changed, DEV) == text


@pytest.mark.parametrize("entry", [DEV, PROD])
def test_line_ends_stay_those_of_the_file(entry: WranglerEntry) -> None:
    text = USERS.replace("\n", "\r\n")
    changed = put(text, entry)
    assert changed == put(USERS, entry).replace("\n", "\r\n")
    assert remove(changed, entry) == text


def test_a_file_that_ends_without_a_line_end_still_does() -> None:
    changed = put('name = "shop"', DEV)
    assert changed == 'name = "shop"\n\n' + DEV.block.removesuffix("\n")
    assert put(changed, replace(DEV, migrations_table="t")) == changed + '\nmigrations_table = "t"'


def test_a_table_that_cannot_be_extended_is_refused_with_what_to_paste() -> None:
    with pytest.raises(ConfigError) as refused:
        put("[env]\nproduction = { vars = {A=1} }\n", PROD)
    assert "'env.production' is an inline table" in str(refused.value)
    assert str(refused.value).endswith(PROD.block)


def test_an_environment_of_dotted_keys_is_put_and_removed_like_any_other() -> None:
    text = '[env]\nproduction.name="q"\n[env.production.vars]\nA = 1\n'
    once = put(text, PROD)
    assert put(once, PROD) == once
    assert put(once, replace(PROD, database_id="other")) == once.replace(PROD.database_id, "other")
    assert remove(once, PROD) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("d1_databases = []", "d1_databases = [{}]"),
        ("d1_databases = [{}]", "d1_databases = [{}, {}]"),
        ("d1_databases = [\n  # a\n  {}, # b\n]\n", "d1_databases = [\n  # a\n  {},\n  {}, # b\n]\n"),
        ("env = { production = { d1_databases = [ {} ] } }", "env = { production = { d1_databases = [ {}, {} ] } }"),
    ],
)
def test_an_inline_list_gets_one_more_entry_and_loses_it_again(before: str, after: str) -> None:
    entry = PROD if "production" in before else DEV
    ours = "{ " + ", ".join(entry.block.splitlines()[1:]) + " }"
    text, other = before.replace("{}", '{ binding = "KEPT" }'), '{ binding = "KEPT" }'
    changed = put(text, entry)
    assert changed == after.replace("{}", ours, 1).replace("{}", other)
    assert remove(changed, entry) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[ {ours}, { binding = "A" } ]', '[ { binding = "A" } ]'),
        ('[ { binding = "A" }, {ours} ]', '[ { binding = "A" }, ]'),
        ('[\n  { binding = "A" }, # a\n  {ours}\n]', '[\n  { binding = "A" }, # a\n]'),
        ("[ {ours} ]", "[  ]"),
    ],
)
def test_an_entry_leaves_an_inline_list_wherever_it_stands(before: str, after: str) -> None:
    ours = f'{{ binding = "DB", database_id = "{DEV.database_id}" }}'
    assert (
        remove(f"d1_databases = {before}\nx = 1\n".replace("{ours}", ours), DEV) == f"d1_databases = {after}\nx = 1\n"
    )


def test_an_entry_with_a_form_that_cannot_be_edited_is_refused() -> None:
    with pytest.raises(ConfigError, match="something in 'd1_databases' has an unusual form"):
        put('[[d1_databases]]\nbinding = "DB"\ndatabase_id.x = 1\n', DEV)


def test_a_table_below_an_entry_stays_below_it() -> None:
    text = '[[d1_databases]]\n  binding = "DB"\n\n[d1_databases.extra]\nB = 1\n'
    changed = put(text, DEV)
    assert databases(changed) == [{**DEV.values, "extra": {"B": 1}}]
    assert changed.endswith('  migrations_dir = "migrations"\n\n[d1_databases.extra]\nB = 1\n')
    assert remove(changed, DEV) == ""


def test_an_entry_whose_removal_would_change_another_one_is_left_to_the_user() -> None:
    text = '[[d1_databases]]\nbinding = "A"\n\n' + DEV.block + "\n[vars]\nA = 1\n\n[d1_databases.extra]\nB = 1\n"
    with pytest.raises(ConfigError, match=r"^'DB' in 'd1_databases' cannot be removed .* by hand"):
        remove(text, DEV)


def test_a_ledger_that_is_wranglers_again_is_named_where_another_one_was() -> None:
    text = put("", replace(DEV, migrations_table="mine"))
    assert databases(put(text, DEV))[0]["migrations_table"] == "d1_migrations"


def test_an_environment_with_a_dot_in_its_name_is_one_key() -> None:
    assert databases(put("", replace(PROD, environment="pr.12")), "pr.12")[0]["database_name"] == "shop-db-prod"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("env = 1\n", r"'env' is not a table"),
        ("[[env]]\n", r"'env' is not a table"),
        ("[env]\nproduction = 3\n", r"'env\.production' is not a table"),
        ("[env.production]\nd1_databases = [1]\n", r"'env\.production\.d1_databases' is not a list of databases"),
        (
            'env.production.d1_databases = [{binding="DB"}, {binding="DB"}]\n',
            "more than one entry .* 'DB'",
        ),
    ],
)
def test_a_configuration_of_another_shape_is_refused_by_name(text: str, message: str) -> None:
    for change in (put, remove):
        with pytest.raises(ConfigError, match=message):
            change(text, PROD)


def test_the_binding_of_a_foreign_database_is_refused_with_what_to_do() -> None:
    foreign = "99999999-9999-4999-8999-999999999999"
    with pytest.raises(ConfigError, match=f"'DB' in 'd1_databases' .*{foreign}.*set binding.*remove.*d1 adopt"):
        refuse_foreign(FOREIGN % foreign, DEV, {DEV.database_id})
    refuse_foreign(FOREIGN % foreign, DEV, {DEV.database_id, foreign})
    refuse_foreign(FOREIGN % foreign, replace(DEV, binding="ANOTHER"), {DEV.database_id})


@pytest.mark.parametrize(
    "placeholder", ["", "<your database>", "x" * 36, "00000000-0000-0000-0000-000000000000", "a" * 32]
)
def test_a_placeholder_is_not_a_foreign_database(placeholder: str) -> None:
    refuse_foreign(FOREIGN % placeholder, DEV, {DEV.database_id})
    assert databases(put(FOREIGN % placeholder, DEV))[0]["database_id"] == DEV.database_id


def test_an_id_in_capitals_is_the_same_id() -> None:
    id_ = "1b4f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52"
    entry = replace(DEV, database_id=id_)
    text = put(None, entry).replace(id_, id_.upper())
    refuse_foreign(text, entry, {id_})
    assert put(text, entry) == text
    assert Document.parse(text, DEV.path).entries[0].database_id == id_
    assert "[[d1_databases]]" not in remove(text, entry)
    with pytest.raises(ConfigError, match=f"is bound to the database {id_}"):
        refuse_foreign(text, entry, {"x"})


def test_a_missing_file_or_id_is_not_a_foreign_database() -> None:
    refuse_foreign(None, DEV, {DEV.database_id})
    refuse_foreign('[[d1_databases]]\nbinding = "DB"\n', DEV, {DEV.database_id})


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_that_was_put_in_has_no_differences(name: str) -> None:
    dev, prod = replace(DEV, path=name), replace(PROD, path=name)
    text = put(put(None, dev), prod)
    assert differences(text, dev) == differences(text, prod) == []


@pytest.mark.parametrize("name", NAMES)
def test_each_value_that_differs_is_named_and_the_users_own_keys_are_not(name: str) -> None:
    dev = replace(DEV, path=name)
    text = put(None, replace(dev, migrations_pattern="p", database_id=""))
    text = text.replace("migrations_dir", "remote")
    assert differences(text, replace(dev, migrations_table="steps")) == [
        f"'DB' in 'd1_databases': database_id is \"\", not \"{DEV.database_id}\"",
        "'DB' in 'd1_databases': migrations_dir is missing, should be \"migrations\"",
        "'DB' in 'd1_databases': migrations_table is missing, should be \"steps\"",
        "'DB' in 'd1_databases': migrations_pattern is \"p\", should not be set",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_that_does_not_exist_is_missing(name: str) -> None:
    dev, prod = replace(DEV, path=name), replace(PROD, path=name)
    assert differences(put(None, dev), prod) == ["'DB' in 'env.production.d1_databases' is missing"]


NESTED = replace(DEV, migrations_pattern="migrations/*/migration.sql")


@pytest.mark.parametrize(
    "text", [USERS, INLINE, 'name = "shop"', put("", replace(DEV, database_id="old")), put("", DEV).removesuffix("\n")]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_pattern_is_written_when_it_is_set_and_removed_when_it_is_not(text: str, line_end: str) -> None:
    text = text.replace("\n", line_end)
    nested = put(text, NESTED)
    assert databases(nested)[0] == {**DEV.values, "migrations_pattern": "migrations/*/migration.sql"}
    assert put(nested, DEV) == put(text, DEV)
    assert put(put(text, DEV), NESTED) == nested


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('migrations_pattern = "x"\n{}# 1\n', "{}# 1\n"),
        ('{}  # 1\n  migrations_pattern = "x" # 2\n# 3\n', "{}  # 1\n# 3\n"),
        ('{}migrations_pattern = """\nx"""', "{}"),
    ],
)
def test_a_pattern_leaves_a_block_wherever_it_stands(before: str, after: str) -> None:
    header, lines = DEV.block.split("\n", maxsplit=1)
    changed = put(f"{header}\n{before.format(lines)}", DEV)
    assert changed == f"{header}\n{after.format(lines)}".removesuffix("" if before.endswith("\n") else "\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[ {migrations_pattern="x" ,  %s}, ]', "[ {%s}, ]"),
        ('[ { %s , migrations_pattern = "x" } ]', "[ { %s } ]"),
        ('[ {a = [1, 2], migrations_pattern="x", %s} ] # 1', "[ {a = [1, 2], %s} ] # 1"),
    ],
)
def test_a_pattern_leaves_an_inline_entry_wherever_it_stands(before: str, after: str) -> None:
    lines = ", ".join(DEV.block.splitlines()[1:])
    assert put(f"d1_databases = {before % lines}\n", DEV) == f"d1_databases = {after % lines}\n"


def test_a_pattern_that_is_not_a_string_is_left_to_the_user() -> None:
    with pytest.raises(ConfigError, match="something in 'd1_databases' has an unusual form"):
        put('[[d1_databases]]\nbinding = "DB"\nmigrations_pattern.x = 1\n', DEV)


@pytest.mark.parametrize(
    "right",
    [
        'migrations_dir = "./migrations"',
        'migrations_dir = "migrations/"',
        'migrations_dir = "./migrations"\nmigrations_pattern = "./migrations/*.sql"',
        'migrations_table = ""',
        "",
    ],
)
@pytest.mark.parametrize("name", ['database_name = "shop-db-dev"', ""])
def test_an_entry_that_is_right_stays_as_it_is(right: str, name: str) -> None:
    text = f'[[d1_databases]]\nbinding = "DB"\ndatabase_id = "{DEV.database_id}"\n{name}\n{right}\n'
    assert put(text, DEV) == text
    assert differences(text, DEV) == []


@pytest.mark.parametrize(
    "wrong", ['migrations_dir = "./sql"', 'migrations_pattern = "migrations/*/a.sql"', 'migrations_table = "log"']
)
def test_an_entry_that_is_not_right_is_corrected(wrong: str) -> None:
    text = f'[[d1_databases]]\nbinding = "DB"\ndatabase_id = "{DEV.database_id}"\nmigrations_dir = "./migrations"\n'
    text = text.replace('migrations_dir = "./migrations"', wrong) if "dir" in wrong else text + wrong + "\n"
    assert databases(put(text, DEV)) != databases(text)
    assert differences(put(text, DEV), DEV) == []
