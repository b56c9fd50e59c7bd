"""The file that corrects what a restore undid has the name that wrangler would give it."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.past.correction import correction_name, correction_text
from pulumi_d1.sqlite.statements import split


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ([], "0001_tags_again.sql"),
        (["0001_a.sql", "0003_b.sql"], "0004_tags_again.sql"),
        (["9_a.sql", "10_c.sql"], "0011_tags_again.sql"),
        (["-1_neg.sql"], "0001_tags_again.sql"),
        (["readme.sql", "12000_big.sql"], "12001_tags_again.sql"),
        (["20261123/migration.sql"], "20261124_tags_again.sql"),
    ],
)
def test_it_has_the_next_number(names: list[str], name: str) -> None:
    assert correction_name(names, "tags again") == name


@pytest.mark.parametrize("words", ["", " ", "a/b", "a\\b"])
def test_words_that_make_no_file_name_are_refused(words: str) -> None:
    with pytest.raises(
        ConfigError, match="cannot be part of a file name: use a few words without slashes for --correct"
    ):
        correction_name([], words)


def test_it_names_what_was_undone_and_runs_nothing() -> None:
    text = correction_text("0005_tags.sql", ["0004_tags.sql"], "prod", "b1")
    assert text.startswith("-- Migration number: 0005 \t 20")
    assert "-- Stack prod was restored to bookmark b1, which undid\n--   0004_tags.sql\n" in text
    assert "d1 release FILE --stack prod" in text
    assert split(text) == ()
    assert "release" not in correction_text("0005_tags.sql", [], "prod", "b1")
