"""The wishes of `d1 rebuild --table` change the text of a CREATE TABLE, and nothing else in it."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.rebuild.definition import Wish, change_definition

TABLE = """CREATE TABLE "Users" (
  id INTEGER PRIMARY KEY, -- not, null
  name TEXT COLLATE NOCASE DEFAULT ('a, (b') CHECK (name <> ''),
  [check] VARCHAR(10, 2),
  qty,
  email TEXT NOT NULL,
  CONSTRAINT positive CHECK (qty > (1 + 2)),
  UNIQUE (name)
) STRICT"""


@pytest.mark.parametrize(
    ("wish", "old", "new"),
    [
        (Wish("users", ["NAME"]), "name TEXT COLLATE", "name TEXT NOT NULL COLLATE"),
        (Wish("users", ["qty"]), "qty,", "qty NOT NULL,"),
        (Wish("users", types={"check": "TEXT"}), "[check] VARCHAR(10, 2)", "[check] TEXT"),
        (Wish("users", types={"qty": "INTEGER"}), "  qty,", "  qty INTEGER,"),
        (Wish("users", drop_check="positive"), ",\n  CONSTRAINT positive CHECK (qty > (1 + 2))", ""),
        (Wish("users", drop_check="name"), " CHECK (name <> '')", ""),
        (Wish("users", ["qty"], {"qty": "INT"}), "  qty,", "  qty INT NOT NULL,"),
        (Wish("users", ["qty", "QTY"], {"qty": "TEXT"}), "  qty,", "  qty TEXT NOT NULL,"),
    ],
)
def test_only_the_wish_is_changed(wish: Wish, old: str, new: str) -> None:
    assert change_definition(TABLE, wish) == TABLE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish("users", ["nam"]), "users has no column nam: its columns are id, name, check, qty, email"),
        (Wish("users", ["email"]), "the column email of users is NOT NULL already"),
        (Wish("users", drop_check=""), "name one of name, positive"),
        (Wish("users", drop_check="qty"), "no single CHECK qty"),
        (Wish("users"), "nothing to change in users: give --not-null"),
    ],
)
def test_what_does_not_fit_is_one_message(wish: Wish, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        change_definition(TABLE, wish)
    assert message in str(error.value)


def test_a_table_without_a_check_has_none_to_drop() -> None:
    with pytest.raises(ConfigError, match="users has no CHECK"):
        change_definition("CREATE TABLE users (a)", Wish("users", drop_check=""))
