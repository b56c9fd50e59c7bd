"""The pattern of the migrations in wrangler.toml: written when it is set, taken back when it is not."""

from dataclasses import replace

import pytest

from pulumi_d1.errors import ConfigError
from tests.support.toml_texts import DEV, INLINE, USERS, databases, put

NESTED = replace(DEV, migrations_pattern="migrations/*/migration.sql")


@pytest.mark.parametrize(
    "text", [USERS, INLINE, 'name = "shop"', put("", replace(DEV, database_id="old")), put("", DEV).removesuffix("\n")]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_pattern_is_written_when_it_is_set_and_taken_back_when_it_is_not(text: str, line_end: str) -> None:
    text = text.replace("\n", line_end)
    nested = put(text, NESTED)
    assert databases(nested)[0] == {**DEV.fields, "migrations_pattern": "migrations/*/migration.sql"}
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
    header, fields = DEV.block.split("\n", maxsplit=1)
    changed = put(f"{header}\n{before.format(fields)}", DEV)
    assert changed == f"{header}\n{after.format(fields)}".removesuffix("" if before.endswith("\n") else "\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[ {migrations_pattern="x" ,  %s}, ]', "[ {%s}, ]"),
        ('[ { %s , migrations_pattern = "x" } ]', "[ { %s } ]"),
        ('[ {a = [1, 2], migrations_pattern="x", %s} ] # 1', "[ {a = [1, 2], %s} ] # 1"),
    ],
)
def test_a_pattern_leaves_an_inline_entry_wherever_it_stands(before: str, after: str) -> None:
    fields = ", ".join(DEV.block.splitlines()[1:])
    assert put(f"d1_databases = {before % fields}\n", DEV) == f"d1_databases = {after % fields}\n"


def test_a_pattern_that_is_no_text_is_left_to_the_user() -> None:
    with pytest.raises(ConfigError, match="written in a way that this program can't edit"):
        put('[[d1_databases]]\nbinding = "DB"\nmigrations_pattern.x = 1\n', DEV)
