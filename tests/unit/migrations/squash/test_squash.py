"""The text of a squashed file, and the number of files that it can stand for."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import PlanRefused
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.squash.squash import squash_files, squashed_text
from pulumi_d1.migrations.squashes import squash_marks, squashed_texts

LATER = Migration("9001_b.sql", "CREATE TABLE b (a);")


def files(number: int) -> list[Migration]:
    return [Migration(f"{place:04}_a.sql", "SELECT 1;") for place in range(1, number + 1)]


@pytest.mark.parametrize(("number", "carried"), [(3, 3), (1_900, 1_900), (3_000, 0)])
def test_the_files_of_an_earlier_squash_are_carried_if_one_statement_can_swap_them(number: int, carried: int) -> None:
    first = Migration("9000_squashed.sql", f"{squash_marks(squashed_texts(files(number)))}SELECT 1;")
    text = squashed_text([first, LATER], "9001_squashed.sql", "d1_migrations", "-- first line\n", "SELECT 1;\n")
    names = [old.name for old in Migration("9001_squashed.sql", text).squashed]
    assert names == [*(file.name for file in files(carried)), first.name, LATER.name]
    assert text.startswith("-- first line\n-- In place of 2 files. Written by d1 squash.\n-- d1:squashes ")


def test_more_files_than_one_statement_can_swap_are_refused() -> None:
    with pytest.raises(PlanRefused, match=r"^3,000 files are too many for one statement: squash through an earlier"):
        squash_files(files(3_000), "3000_squashed.sql", "migrations", "d1_migrations")
