"""Definitions that differ only in how they are written are the same."""

from __future__ import annotations

import pytest

from pulumi_d1.sqlite.difference import same_definition


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("u REFERENCES u (id)", "u REFERENCES u (id) ON UPDATE NO ACTION ON DELETE NO ACTION"),
        ("u REFERENCES u (id) ON DELETE SET NULL NOT NULL", "u NOT NULL REFERENCES u (id) ON DELETE SET NULL"),
        ("x, FOREIGN KEY (x) REFERENCES u (id) ON DELETE NO ACTION", "x, FOREIGN KEY (x) REFERENCES u (id)"),
        ("x TEXT DEFAULT NULL", "x TEXT"),
        ("x TEXT DEFAULT (0) NOT NULL", "x TEXT NOT NULL DEFAULT 0"),
        ("x CHECK (x > 1) NOT NULL", "x NOT NULL CHECK (x > 1)"),
    ],
)
def test_another_way_to_write_a_column_is_no_difference(old: str, new: str) -> None:
    assert same_definition(f"CREATE TABLE t ({old})", f"CREATE TABLE IF NOT EXISTS t ({new})")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "u REFERENCES u (id) ON DELETE CASCADE ON UPDATE SET NULL",
            "u REFERENCES u (id) ON DELETE SET NULL ON UPDATE CASCADE",
        ),
        (
            "x NOT NULL ON CONFLICT REPLACE UNIQUE ON CONFLICT IGNORE",
            "x NOT NULL ON CONFLICT IGNORE UNIQUE ON CONFLICT REPLACE",
        ),
        ("u REFERENCES u (id) NOT DEFERRABLE", "u REFERENCES u (id) NOT NULL"),
        ("x, y AS (x + 1) STORED", "x, y AS (x + 2) STORED"),
        ("x VARCHAR(10)", "x VARCHAR(20)"),
    ],
)
def test_the_same_words_with_another_meaning_are_a_difference(old: str, new: str) -> None:
    assert not same_definition(f"CREATE TABLE t ({old})", f"CREATE TABLE t ({new})")
