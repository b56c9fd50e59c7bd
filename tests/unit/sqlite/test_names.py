"""Names are compared as SQLite compares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import ChangeKind, SchemaChange, difference
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.names import fold, is_reserved_name
from pulumi_d1.sqlite.sandbox import open_database, reserved_names
from pulumi_d1.sqlite.statements import quoted, tokens
from pulumi_d1.sqlite.storage import storages

if TYPE_CHECKING:
    from collections.abc import Callable

TWINS = """
    CREATE TABLE "Ä" (a INTEGER, "É" TEXT, "é" TEXT);
    CREATE TABLE "ä" (b INTEGER);
    CREATE INDEX "Ö" ON "Ä" (a);
    CREATE INDEX "ö" ON "ä" (b);
"""


def of(script: str) -> schema.Schema:
    """Return the schema that a script creates."""
    connection = open_database(":memory:")
    run_script(connection, script)
    return schema.read(connection)


@given(
    st.text(
        alphabet="abkKZ_0[@\xc4\xe4\xdf\u1e9e\u0130\u0131\u017f\u212a\u03a3\u03c3\u03c2\U00010400\U00010428", min_size=1
    ),
    st.sampled_from((str.lower, str.upper)),
)
def test_two_names_fold_to_the_same_text_if_sqlite_finds_one_table(name: str, change: Callable[[str], str]) -> None:
    other = change(name)
    connection = apsw.Connection(":memory:")
    connection.execute(f"CREATE TABLE {quoted(name)} (a)")
    [(found,)] = connection.execute(f"SELECT count(*) FROM pragma_table_info({quoted(other)})")
    assert (fold(name) == fold(other)) == bool(found)


@pytest.mark.parametrize("name", ["_cf_x", "_CF_KV", "_cF_\u00c4"])
def test_reserved_names_are_found_in_any_case(name: str) -> None:
    assert is_reserved_name(name)


def test_a_name_that_only_looks_reserved_is_free() -> None:
    run_script(connection := open_database(":memory:"), "CREATE TABLE _\u0441f_x (a)")  # a Cyrillic letter
    assert reserved_names(connection) == frozenset()


def test_tables_that_differ_beyond_ascii_are_two_tables() -> None:
    both = of(TWINS)
    assert both.tables == ("Ä", "ä")
    assert {name: [column.name for column in columns] for name, columns in both.columns.items()} == {
        "Ä": ["a", "É", "é"],
        "ä": ["b"],
    }
    assert both.without("Ä").tables == ("ä",)
    assert [item.name for item in both.without("Ä").objects.values()] == ["ä", "ö"]


def test_a_schema_with_such_tables_is_built_again() -> None:
    objects = tuple(of(TWINS).objects.values())
    built = schema.build(objects)
    assert schema.read(built) == of(TWINS)
    assert schema.table_names(built) == {"Ä", "ä"}
    assert schema.column_names(built, "Ä") == ("a", "É", "é")
    assert [(storage.table, storage.columns) for storage in storages(objects)] == [
        ("Ä", ("a", "É", "é")),
        ("ä", ("b",)),
    ]


def test_the_difference_names_the_table_and_the_column_that_changed() -> None:
    without = of(TWINS + 'DROP TABLE "Ä"; ALTER TABLE "ä" ADD c TEXT;')
    assert difference(of(TWINS), without) == (
        SchemaChange(ChangeKind.REMOVED, "table", "Ä", "a, É, é"),
        SchemaChange(ChangeKind.ADDED, "column", "ä.c", "TEXT"),
        SchemaChange(ChangeKind.REMOVED, "index", "Ö", "on Ä"),
    )
    dropped = of(TWINS + 'ALTER TABLE "Ä" DROP COLUMN "É";')
    assert difference(of(TWINS), dropped) == (SchemaChange(ChangeKind.REMOVED, "column", "Ä.É", ""),)


def test_two_texts_are_alike_only_if_their_names_are() -> None:
    assert tokens('CREATE TABLE "Ab" (x)') == tokens("create table aB (X)")
    assert tokens('CREATE TABLE "Ä" (x)') != tokens('CREATE TABLE "ä" (x)')
    assert tokens("CREATE TABLE Ä (x)") != tokens("CREATE TABLE ä (x)")
