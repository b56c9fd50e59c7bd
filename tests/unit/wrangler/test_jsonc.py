"""Only our entry of wrangler.jsonc and wrangler.json changes, in the style of the file; every other byte stays."""

import json
from dataclasses import replace
from typing import Any

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.edit import put, refuse_foreign, remove
from pulumi_d1.wrangler.entry import WranglerEntry

DEV = WranglerEntry(
    path="wrangler.jsonc",
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
// my worker
{
\t"name": "shop", // keep me
\t/* storage */
\t"d1_databases": [
\t\t// somebody else's
\t\t{ "binding": "OTHER", "database_id": "x" }, // at the "end": [
\t],
\t"env": {
\t\t"production": {
\t\t\t"vars": { "B": 2 }
\t\t},
\t},
}"""

LINE = ", ".join(f'"{key}": "{value}"' for key, value in DEV.values.items())


def databases(text: str, environment: str = "") -> list[dict[str, Any]]:
    document = json5.loads(text)
    found: list[dict[str, Any]] = (document["env"][environment] if environment else document)["d1_databases"]
    return found


def test_a_new_file_holds_dev_at_the_top_and_prod_in_its_environment() -> None:
    text = put(put(None, DEV), PROD)
    assert json5.loads(text) == {
        "name": "shop",
        "d1_databases": [DEV.values],
        "env": {"production": {"d1_databases": [PROD.values]}},
    }
    assert text.startswith("// Written by `pulumi up`")
    assert text.endswith("}\n")


def test_a_new_wrangler_json_has_no_comment() -> None:
    assert json.loads(put(None, replace(DEV, path="wrangler.json"))) == {"name": "shop", "d1_databases": [DEV.values]}


def test_a_new_list_is_written_in_the_style_of_the_file() -> None:
    assert put('{\r\n    "name": "shop"\r\n}', DEV) == (
        '{\r\n    "name": "shop",\r\n    "d1_databases": [\r\n        {\r\n'
        + ",\r\n".join(f'            "{key}": "{value}"' for key, value in DEV.values.items())
        + "\r\n        }\r\n    ]\r\n}"
    )


def test_an_entry_follows_the_last_of_its_list_and_that_ones_comment() -> None:
    assert put(USERS, DEV) == USERS.replace('"end": [\n', f'"end": [\n\t\t{{ {LINE} }},\n')


@pytest.mark.parametrize("entry", [DEV, PROD])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        *(USERS, "{}", "{ }\n", '{"name":"shop"}', '{\n  "env": {},\n  "d1_databases": []\n}\n', "{ // none\n}"),
        *('{"env":{"production":{"d1_databases":[ ]}}}', '{\n"d1_databases": [{\n"binding": "A"\n}, // a\n]\n}'),
        *('{ "d1_databases": [ { "binding": "A" } // a\n ] }', '{\n "d1_databases": [\n  {\n  }]}'),
        '{\n  "env": { // e\n    "staging": {}\n    , // s\n  }\n}',
    ],
)
def test_putting_and_removing_gives_the_users_text_back(entry: WranglerEntry, line_end: str, text: str) -> None:
    text = text.replace("\n", line_end)
    changed = put(text, entry)
    assert databases(changed, entry.environment)[-1] == entry.values
    assert put(changed, entry) == changed
    assert ("\r\n" in text) <= (changed.count("\n") == changed.count("\r\n"))
    assert remove(changed, entry) == text


def test_an_entry_with_a_placeholder_is_filled_in_where_it_stands() -> None:
    text = USERS.replace('"OTHER", "database_id": "x"', '"DB", /* id */ "database_id": "", "remote": true,')
    assert put(text, DEV) == text.replace('"",', f'"{DEV.database_id}",').replace(
        "true,", 'true, "database_name": "shop-db-dev", "migrations_dir": "migrations",'
    )


def test_removing_leaves_other_bindings_other_environments_and_every_comment() -> None:
    text = put(put(USERS, DEV), PROD)
    assert remove(text, PROD) == put(USERS, DEV)
    assert remove(text, DEV) == put(USERS, PROD)
    assert remove(put(USERS, replace(DEV, binding="OTHER")), replace(DEV, binding="OTHER")) == USERS.replace(
        '\t\t{ "binding": "OTHER", "database_id": "x" }, // at', "\t\t// at"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[ {ours}, { "a": 1 } ]', '[ { "a": 1 } ]'),
        ('[ { "a": 1 }, {ours} ]', '[ { "a": 1 } ]'),
        ('[{ "a": 1 }, {ours}, { "b": 1 }]', '[{ "a": 1 }, { "b": 1 }]'),
        ('[\n  { "a": 1 }, // a\n  {ours} // ours\n]', '[\n  { "a": 1 } // a\n  // ours\n]'),
        ('[\n  { "a": 1 } // a\n  , {ours}]', '[\n  { "a": 1 } // a\n   ]'),
        ('[\n  // a\n  {ours} /* b */ , // c\n  { "a": 1 }\n]', '[\n  // a\n   /* b */ // c\n  { "a": 1 }\n]'),
        ("[{ours},]", "[]"),
        ("[ // none\n {ours} ]", "[ // none\n ]"),
    ],
)
def test_an_entry_leaves_a_list_wherever_it_stands(before: str, after: str) -> None:
    ours = f'{{ "binding": "DB", "database_id": "{DEV.database_id}" }}'
    text = '{"d1_databases": %s, "x": 1}'
    assert remove(text % before.replace("{ours}", ours), DEV) == text % after


def test_objects_that_hold_only_the_entry_are_removed_with_it() -> None:
    lonely = '{\n  "x": 1,\n  "env": {\n    "production": {\n      "d1_databases": [ %s ]\n    }\n  }\n}'
    ours = f'{{ "binding": "DB", "database_id": "{PROD.database_id}" }}'
    assert remove(lonely % ours, PROD) == '{\n  "x": 1\n}'


def test_an_entry_with_the_id_of_another_database_is_not_removed() -> None:
    text = put(USERS, DEV)
    assert remove(text, replace(DEV, database_id="3" * 36)) == text


NESTED = replace(DEV, migrations_pattern="migrations/*/migration.sql", migrations_table="steps")


@pytest.mark.parametrize("text", [USERS, '{\n  "name": "shop"\n}\n', '{"d1_databases":[]}'])
def test_a_pattern_is_written_when_it_is_set_and_removed_when_it_is_not(text: str) -> None:
    nested = put(text, NESTED)
    assert databases(nested)[-1] == {
        **DEV.values,
        "migrations_pattern": NESTED.migrations_pattern,
        "migrations_table": "steps",
    }
    assert databases(put(nested, DEV))[-1] == {**DEV.values, "migrations_table": "d1_migrations"}


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_the_template_and_the_edit(text: str) -> None:
    entry = replace(DEV, path="wrangler.json", worker=text, environment=text, database_name=text)
    written = json.loads(put(None, entry))
    assert written["name"] == text
    assert (written["env"][text] if text else written)["d1_databases"] == [entry.values]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{\n  "name": "shop"\n  "main": "x"\n}',
            r"is not valid JSON: Expecting ',' delimiter \(at line 3, column 3\)",
        ),
        ("", r"is not valid JSON: Expecting value \(at line 1, column 1\)"),
        ('{ // a\n  "vars": {,} }', r"is not valid JSON: .* \(at line 2, column 12\)"),
        ('{ /* b */\n "a": [1,,] }', r"is not valid JSON: .* \(at line 2, column 10\)"),
        ("{ 'a': 1 }", r"is not valid JSON: .* \(at line 1, column 3\)"),
        ('{"a": 1 /* open }', r"is not valid JSON: .* \(at line 1, column 9\)"),
        ('{"a": NaN}', r"is not valid JSON: NaN is not a JSON number"),
        ('{"a": %s}' % ("[" * 900 + "]" * 900), r"is nested too deeply to be read"),
        ("// none\n[]", r"^line 2, column 1: it must be an object"),
        ('{\n  "env": 1\n}', r"^line 2, column 10: 'env' is not an object"),
        ('{"env": {"production": []}}', r"^line 1, column 24: 'env\.production' is not an object"),
        ('{"env": {"production": {"d1_databases": {}}}}', r"^line 1, column 41: '.*' is not a list of databases"),
        ('{"env": {"production": {"d1_databases": [{}, 7]}}}', r"^line 1, column 46: '.*' is not a list of databases"),
        (
            '{"env": {"production": {"d1_databases": [\n{"binding": "DB"},\n {"binding": "DB"}]}}}',
            r"^line 3, column 2: 'env\.production\.d1_databases' has more than one entry with the binding 'DB'",
        ),
    ],
)
def test_what_cannot_be_edited_is_refused_with_its_place(text: str, message: str) -> None:
    for change in (put, remove):
        with pytest.raises(ConfigError, match=message):
            change(text, PROD)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n "d1_databases": [],\n "d1_databases": [] }', r"line 3, column 2: 'd1_databases' is a duplicate key"),
        (
            '{"d1_databases": [{"binding": "DB", "database_id": "", "database_id": ""}]}',
            "column 56: 'database_id' is a duplicate key",
        ),
    ],
)
def test_a_duplicate_key_is_refused(text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=place):
        put(text, replace(DEV, binding="DB"))


FOREIGN = '{"d1_databases": [{"binding": "DB", "database_id": "%s"}]}'


def test_the_binding_of_a_foreign_database_is_refused_with_what_to_do() -> None:
    foreign = "99999999-9999-4999-8999-999999999999"
    with pytest.raises(ConfigError, match=f"'DB' in 'd1_databases' .*{foreign}.*set binding.*remove.*d1 adopt"):
        refuse_foreign(FOREIGN % foreign, DEV, {DEV.database_id})
    refuse_foreign(FOREIGN % foreign, DEV, {DEV.database_id, foreign})
    refuse_foreign(FOREIGN % foreign, replace(DEV, binding="ANOTHER"), {DEV.database_id})
    refuse_foreign(FOREIGN % "<id>", DEV, {DEV.database_id})
    refuse_foreign(None, DEV, {DEV.database_id})


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"must end in \.toml, \.jsonc or \.json"):
        put(None, replace(DEV, path="wrangler.yaml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"name": "' + '\\"' * 100_000,
            r"^is not valid JSON: Unterminated string starting at \(at line 1, column 10\)",
        ),
        (
            '{"name": ' + '"\\' * 100_000,
            r"^is not valid JSON: Unterminated string starting at \(at line 1, column 10\)",
        ),
        ('{"name": 1 ' + "/* " * 100_000, r"^is not valid JSON: Expecting ',' delimiter \(at line 1, column 12\)"),
        ('{"name": ' + "[" * 200 + "]" * 200 + "}", "^is nested too deeply to be read$"),
        ('{"name": ' + "[" * 100_000, "^is nested too deeply to be read$"),
        (r'{"name": "\ud800"}', r"^is not valid JSON: a \\u escape is half of a character$"),
        (f'{{"name": {"9" * 5_000}}}', "^is not valid JSON: "),
    ],
    ids=range(7),
)
def test_a_hostile_text_is_refused_in_linear_time(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        put(text, DEV)


def test_a_string_of_many_escapes_is_kept_in_linear_time() -> None:
    text = '{"name": "' + '\\"\\\\' * 100_000 + '", "d1_databases": []}'
    assert remove(put(text, DEV), DEV) == text
