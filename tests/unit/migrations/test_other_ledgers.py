"""The rows of other tools' ledgers stand for files: by name, by digest, or up to a head."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.other_ledgers import MappedRows, find_other_ledgers, map_rows, replaced_ledger, replacement
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database

USERS = Migration("0000_users.sql", "CREATE TABLE users (id);\n")
EMAIL = Migration("0001_email.sql", "ALTER TABLE users ADD email;\n")
EMPTY = [Migration(f"000{number}_custom.sql", "-- your code below\n") for number in (2, 3)]
PRISMA = """
    CREATE TABLE _prisma_migrations (id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at);
    INSERT INTO _prisma_migrations (migration_name, checksum, finished_at, rolled_back_at) VALUES
"""
DRIZZLE = "CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric);"
NUXTHUB = ledger.create("_hub_migrations")
ALEMBIC = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
REVISIONS = [
    Migration("0001.sql", "-- Running upgrade  -> aaa\nSELECT 1;\n-- Running upgrade aaa -> bbb\n"),
    Migration("ccc_more.sql", "SELECT 1"),
    Migration("ddd_more.sql", "-- Running upgrade bbb -> ddd\r\n"),
]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def drizzle(*digests: object) -> str:
    return DRIZZLE + "".join(f"INSERT INTO __drizzle_migrations (hash) VALUES ('{value}');" for value in digests)


def rows_of(script: str, select: str | None = None) -> tuple[tuple[schema.SchemaObject, ...], list[dict[str, Any]]]:
    """Return the schema that a script creates, and the answer to a query."""
    run_script(connection := open_database(":memory:"), script)
    columns = ("type", "name", "tbl_name", "sql")
    objects = schema.objects_from(dict(zip(columns, row, strict=True)) for row in connection.execute(schema.SELECT))
    names = ("name", "digest", "unfinished")
    rows = [dict(zip(names, row, strict=True)) for row in connection.execute(select)] if select else []
    return objects, rows


def mapped(script: str, *files: Migration) -> MappedRows:
    (other,) = find_other_ledgers(rows_of(script)[0], "d1_migrations")
    return map_rows(other, rows_of(script, other.select)[1], files)


@pytest.mark.parametrize(
    ("script", "names"),
    [
        (drizzle(digest(USERS.sql)), [USERS.name]),
        (drizzle(digest(USERS.sql.replace("\n", "\r\n"))), [USERS.name]),
        (drizzle(EMPTY[0].sha256, EMPTY[1].sha256), [file.name for file in EMPTY]),
        (f"{NUXTHUB} INSERT INTO _hub_migrations (name) VALUES ('0000_users');", [USERS.name]),
        (f"{PRISMA} ('0_other', '{USERS.sha256}', 1, NULL)", [USERS.name]),
        (f"{PRISMA} ('0001_email', 'x', NULL, 1), ('0001_email', '{EMAIL.sha256}', 2, NULL)", [EMAIL.name]),
    ],
)
def test_a_row_stands_for_the_file_with_its_name_or_digest(script: str, names: list[str]) -> None:
    assert mapped(script, USERS, EMAIL, *EMPTY) == MappedRows(frozenset(names), (), ())


@pytest.mark.parametrize("name", ["20250101_a/migration.sql", "20250101_a.sql", "20250101_a.sqlite.sql", "20250101_a"])
def test_a_name_may_lack_the_extension_or_be_that_of_a_folder(name: str) -> None:
    script = f"{NUXTHUB} INSERT INTO _hub_migrations (name) VALUES ('20250101_a');"
    assert mapped(script, Migration(name, "")).names == {name}
    nested = f"{NUXTHUB} INSERT INTO _hub_migrations (name) VALUES ('20250101_a:migration');"
    assert mapped(nested, Migration("20250101_a/migration.sql", "")).names == {"20250101_a/migration.sql"}


def test_a_file_with_the_name_and_another_digest_was_edited() -> None:
    assert mapped(f"{PRISMA} ('0000_users', '{EMAIL.sha256}', 1, NULL)", USERS).edited == (USERS.name,)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (drizzle("SECRET"), "row 1 stands for no file"),
        (drizzle(digest("x")), f"row 1 (SHA-256 {digest('x')[:12]}...) stands for no file"),
        (drizzle(USERS.sha256, USERS.sha256), f"row 2 (SHA-256 {USERS.sha256[:12]}...) stands for no file"),
        (f"{PRISMA} ('0000_users', 'x', NULL, NULL)", "row 1 ('0000_users') has begun and not ended"),
        (f"{NUXTHUB} INSERT INTO _hub_migrations (name) VALUES (char(27));", "row 1 ('\\x1b') stands for no file"),
        (f"{NUXTHUB} INSERT INTO _hub_migrations (name) VALUES (X'53');", "row 1 stands for no file"),
        (f"{ALEMBIC} INSERT INTO alembic_version VALUES ('eee');", "row 1 ('eee') stands for no file"),
    ],
)
def test_a_row_that_stands_for_no_file_is_one_line(script: str, problem: str) -> None:
    assert mapped(script, USERS).problems == (problem,)


@pytest.mark.parametrize(("heads", "count"), [(["bbb"], 1), (["ccc"], 2), (["ddd"], 3), (["ccc", "bbb"], 2)])
def test_the_files_up_to_the_last_head_of_alembic_are_applied(heads: list[str], count: int) -> None:
    script = ALEMBIC + "".join(f"INSERT INTO alembic_version VALUES ('{head}');" for head in heads)
    assert mapped(script, *REVISIONS) == MappedRows(frozenset(file.name for file in REVISIONS[:count]), (), ())


@pytest.mark.parametrize("column", ["name", "id"])
def test_wranglers_ledger_replaces_a_table_of_alchemy_with_its_name(column: str) -> None:
    names = "" if column == "id" else "name TEXT NOT NULL,"
    script = f"""
        CREATE TABLE d1_migrations (id TEXT PRIMARY KEY, {names} applied_at TEXT NOT NULL);
        INSERT INTO d1_migrations ({column}, applied_at) VALUES ('{USERS.name}', '1'), ('{EMAIL.name}', '2');
    """
    other = replaced_ledger(rows_of(script)[0], "D1_Migrations")
    assert other is not None
    _, rows = rows_of(script + replacement(other), "SELECT name, id, applied_at FROM d1_migrations")
    assert [(row["name"], row["digest"]) for row in rows] == [(USERS.name, 1), (EMAIL.name, 2)]


def test_the_table_that_migrations_table_names_is_no_other_ledger() -> None:
    objects, _ = rows_of(NUXTHUB)
    assert find_other_ledgers(objects, "_HUB_migrations") == ()
    assert replaced_ledger(objects, "_hub_migrations") is None


def test_a_view_or_a_table_with_other_columns_is_no_ledger_of_a_tool() -> None:
    objects, _ = rows_of("CREATE VIEW alembic_version AS SELECT 1 AS version_num; CREATE TABLE _hub_migrations (a)")
    assert find_other_ledgers(objects, "d1_migrations") == ()
