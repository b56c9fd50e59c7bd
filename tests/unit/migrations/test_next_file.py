"""A new migration has the layout of the others, and runs after them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import sort_key
from pulumi_d1.migrations.next_file import first_line, next_name
from pulumi_d1.migrations.pattern import DEFAULT, NESTED, Pattern

NOW = datetime(2026, 11, 29, 12, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ([], "0001_add_tags.sql"),
        (["0001_a.sql", "0003_b.sql"], "0004_add_tags.sql"),
        (["9999_a.sql"], "10000_add_tags.sql"),
        (["001-a.sql", "002-b.sql"], "003-add_tags.sql"),
        (["9_a.sql", "10_c.sql"], "11_add_tags.sql"),
        (["0001__a.sql"], "0002__add_tags.sql"),
        (["0001.sql"], "0002_add_tags.sql"),
        (["12000_big.sql", "readme.sql"], "12001_add_tags.sql"),
        # times: of this moment, or after the last one
        (["20250101120000_a.sql"], "20261129123005_add_tags.sql"),
        (["20270101120000_a.sql"], "20270101120001_add_tags.sql"),
        (["202501011200_a.sql"], "202611291230_add_tags.sql"),
        (["20250101-a.sql"], "20261129-add_tags.sql"),
        (["20261129-a.sql"], "20261130-add_tags.sql"),
        (["1735689600_a.sql"], f"{int(NOW.timestamp())}_add_tags.sql"),
        (["1735689600000_a.sql"], f"{int(NOW.timestamp())}000_add_tags.sql"),
        (["00000041_a.sql"], "00000042_add_tags.sql"),  # eight digits, but no date
        (["99999999_a.sql"], "100000000_add_tags.sql"),
    ],
)
def test_the_numbering_of_the_folder_continues(names: list[str], name: str) -> None:
    assert next_name(names, DEFAULT, "add tags", NOW) == name
    numbered = [item for item in names if item[0].isdecimal()]
    assert all(sort_key(item) < sort_key(name) for item in numbered)


@pytest.mark.parametrize(
    ("names", "pattern", "name"),
    [
        ([], NESTED, "20261129123005_add_tags/migration.sql"),
        (["20250101120000_a/migration.sql"], NESTED, "20261129123005_add_tags/migration.sql"),
        (["0001_a/migration.sql"], NESTED, "0002_add_tags/migration.sql"),
        (["2026/0001_a.sql"], Pattern("*/*.sql"), "2026/0002_add_tags.sql"),
        (["0001_a/up.sql"], Pattern("**/up.sql"), "0002_add_tags/up.sql"),
    ],
)
def test_folders_of_an_orm_continue(names: list[str], pattern: Pattern, name: str) -> None:
    assert next_name(names, pattern, "add tags", NOW) == name


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Add tags", "0001_Add_tags.sql"),
        ("  add: tags/../and \\ more ", "0001_add_tags_and_more.sql"),
        ("größe 2", "0001_größe_2.sql"),
    ],
)
def test_words_become_one_file_name(words: str, name: str) -> None:
    assert next_name([], DEFAULT, words, NOW) == name


@pytest.mark.parametrize(
    ("names", "pattern", "words", "message"),
    [
        ([], DEFAULT, "", "'' cannot be part of a file name: use a few words"),
        ([], DEFAULT, "/", "'/' cannot be part of a file name: use a few words"),
        ([], DEFAULT, "_", "'_' cannot be part of a file name: use a few words"),
        ([], Pattern("v1/*.sql"), "a", "0001_a.sql would not match migrationsPattern: create the file yourself"),
        (["users.sql"], DEFAULT, "a", "users.sql has no number, so a file with one would run before it"),
    ],
)
def test_what_has_no_next_file_is_refused(names: list[str], pattern: Pattern, words: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        next_name(names, pattern, words, NOW)
    assert str(refused.value).startswith(message)


def test_the_first_line_is_wranglers() -> None:
    assert first_line("0004_tags.sql", NOW) == "-- Migration number: 0004 \t 2026-11-29T12:30:05.000Z\n"
