"""`d1 baseline` takes over from other tools. Their ledgers were recorded from the tools: see record.sh beside them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ApiError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.past.baseline import Marks, mark_applied
from tests.support.faults import arrange
from tests.support.paths import RECORDED_LEDGERS

if TYPE_CHECKING:
    from tests.support.cli_project import ReviewedDatabase

TABLES = {
    "alchemy-0.94.0": "d1_migrations",
    "alchemy-2.0.0-beta.79": "__alchemy_migrations",
    "alembic-1.20.1": "alembic_version",
    "drizzle-kit-0.31.11": "__drizzle_migrations",
    "drizzle-kit-1.0.0-rc.5-ab785fc": "__drizzle_migrations",
    "nuxthub-core-0.10.8": "_hub_migrations",
    "prisma-6.19.3": "_prisma_migrations",
}
LATER = "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n"


def take(prod: ReviewedDatabase, tool: str) -> list[str]:
    """Fill the database and the folder as a tool left them, add a file, and return the names of the tool's files."""
    recorded = RECORDED_LEDGERS / tool
    prod.database.write((recorded / "database.sql").read_text())
    shutil.copytree(recorded / "migrations", prod.folder / "migrations", dirs_exist_ok=True)
    names = sorted(
        file.relative_to(recorded / "migrations").as_posix() for file in recorded.glob("migrations/**/*.sql")
    )
    later = prod.folder / "migrations" / names[0].replace(names[0].split("_")[0], "30000101000000")
    if "/" in names[0]:
        prod.configure(migrationsPattern="migrations/*/migration.sql")
        later.parent.mkdir()
    later.write_text(LATER)
    return names


def tables(prod: ReviewedDatabase) -> dict[str, str]:
    rows = prod.database.read("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    return {row["name"]: row["sql"] for row in rows}


def marked(prod: ReviewedDatabase) -> list[str]:
    return [row["name"] for row in prod.database.read(ledger.select("d1_migrations"))]


def assert_is_wranglers(prod: ReviewedDatabase) -> None:
    expected = ledger.create("d1_migrations").replace("IF NOT EXISTS ", "")
    assert (tables(prod)["d1_migrations"] + ";").split() == expected.split()


@pytest.mark.parametrize("tool", TABLES)
def test_the_files_that_a_tool_has_applied_are_marked_and_its_table_stays(prod: ReviewedDatabase, tool: str) -> None:
    names = take(prod, tool)
    old = TABLES[tool] if TABLES[tool] != "d1_migrations" else "d1_migrations_old"
    rows = prod.database.read(f"SELECT * FROM {TABLES[tool]}")
    done = prod.d1("baseline", "--stack", "prod", "--yes")
    assert done.exit_code == 0, done.output
    name = tool.partition("-")[0]
    assert f"{TABLES[tool]} lists what {name}".casefold() in done.output.casefold()
    assert f"{old} stays as it is. Once" in done.output
    assert marked(prod) == names
    assert_is_wranglers(prod)
    assert prod.database.read(f"SELECT * FROM {old}") == rows
    plan = prod.plan()
    assert (len(plan["pending"]), plan["errors"]) == (1, [])

    dropped = prod.d1("baseline", "--stack", "prod", "--yes", "--drop-old-tables")
    if name == "alembic":
        assert dropped.exit_code == 1
        assert "the files create alembic_version too, so later files may need it" in dropped.output
        return
    assert dropped.exit_code == 0, dropped.output
    assert f"deleted {old}" in dropped.output
    assert "marked" not in dropped.output
    assert set(tables(prod)) == {"_cf_KV", "sqlite_sequence", "users", "d1_migrations"}
    assert marked(prod) == names
    assert "is in the database, but no applied file creates it" not in prod.d1("plan", "--stack", "prod").output


def test_the_preview_has_the_sql_that_replaces_the_ledger_of_alchemy(prod: ReviewedDatabase) -> None:
    names = take(prod, "alchemy-0.94.0")
    refused = prod.d1("plan", "--stack", "prod")
    assert refused.exit_code == 1
    assert "a row cannot have a name alone (NOT NULL constraint failed: d1_migrations.applied_at" in refused.output
    assert "Alchemy creates such a table. 'd1 baseline' finds the files that its rows stand for" in refused.output
    _, _, sql = refused.output.partition("This SQL does the same without the proof:\n")
    prod.database.write(sql)
    assert_is_wranglers(prod)
    assert marked(prod) == names
    assert prod.d1("plan", "--stack", "prod").exit_code == 2


def test_the_preview_has_the_sql_that_renames_a_table_of_an_unknown_shape(prod: ReviewedDatabase) -> None:
    prod.write("0001_tags.sql", LATER)
    prod.database.write(f"{LATER} CREATE TABLE d1_migrations (version TEXT)")
    refused = prod.d1("plan", "--stack", "prod")
    assert refused.exit_code == 1
    _, _, sql = refused.output.partition("Rename the table, and then mark the files that the database already has: ")
    prod.database.write(sql.partition("To rename it:\n")[2])
    assert "table d1_migrations_old is in the database" in prod.d1("baseline", "--stack", "prod", "--yes").output


def test_the_preview_names_the_takeover_if_another_tool_has_migrated_the_database(prod: ReviewedDatabase) -> None:
    take(prod, "drizzle-kit-0.31.11")
    refused = prod.d1("plan", "--stack", "prod")
    assert refused.exit_code == 1
    assert "__drizzle_migrations is in the database, but no applied file creates it: it is Drizzle's" in refused.output


def test_a_file_that_was_edited_is_not_found_by_its_digest(prod: ReviewedDatabase) -> None:
    names = take(prod, "drizzle-kit-0.31.11")
    before = prod.database.bookmark()
    file = prod.folder / "migrations" / names[1]
    sql = file.read_text()
    file.write_text(f"{sql}\n-- edited\n")
    refused = prod.d1("baseline", "--stack", "prod", "--yes")
    assert refused.exit_code == 1
    assert "another tool has applied to your-app-db-prod what is not in the migrations folder:\n" in refused.output
    assert "\n  __drizzle_migrations: row 2 (SHA-256 " in refused.output
    assert "name the last applied file with --through: only the schema is then compared\n" in refused.output
    assert prod.database.bookmark() == before
    assert prod.d1("baseline", "--stack", "prod", "--yes", "--through", names[1]).exit_code == 0
    assert marked(prod) == names


def test_an_edited_file_with_the_same_name_is_marked_with_a_warning(prod: ReviewedDatabase) -> None:
    names = take(prod, "prisma-6.19.3")
    file = prod.folder / "migrations" / names[1]
    file.write_text(f"{file.read_text()}INSERT INTO users (email) VALUES ('a');\n")
    done = prod.d1("baseline", "--stack", "prod", "--yes")
    assert done.exit_code == 0, done.output
    assert f"{names[1]} was edited after it was applied" in done.output
    assert marked(prod) == names


def test_a_schema_that_differs_is_refused_and_the_table_of_the_tool_stays(prod: ReviewedDatabase) -> None:
    take(prod, "alchemy-0.94.0")
    prod.database.write("DROP INDEX users_email_unique")
    before = tables(prod)
    refused = prod.d1("baseline", "--stack", "prod", "--yes", "--drop-old-tables")
    assert refused.exit_code == 1
    assert "index users_email_unique is in the applied files, but not in the database" in refused.output
    assert tables(prod) == before


def test_a_table_of_a_tool_that_has_applied_nothing_gives_way(prod: ReviewedDatabase) -> None:
    take(prod, "alchemy-0.94.0")
    prod.database.write("DELETE FROM d1_migrations; DROP TABLE users")
    done = prod.d1("baseline", "--stack", "prod", "--yes")
    assert done.exit_code == 0, done.output
    assert "marked 0 files; the ledger d1_migrations has 0\n" in done.output
    assert len(json.loads(prod.d1("plan", "--stack", "prod", "--json").output)["pending"]) == 3


@pytest.mark.parametrize("when", ["after", "before"])
def test_after_a_lost_response_the_old_table_is_not_taken_for_the_ledger(prod: ReviewedDatabase, when: str) -> None:
    names = tuple(take(prod, "alchemy-0.94.0"))
    marks = Marks(names, "d1_migrations", replaced="d1_migrations", dropped=("d1_migrations_old",))
    arrange(prod.database.client, faults=[{"fault": "drop", "when": when, "endpoint": "query", "contains": "INSERT"}])
    if when == "after":
        assert mark_applied(prod.database, marks, lambda _: None) == names
    else:
        with pytest.raises(ApiError, match="does not list the files: nothing was marked; run the same command again"):
            mark_applied(prod.database, marks, lambda _: None)
    assert ("AUTOINCREMENT" in tables(prod)["d1_migrations"]) == (when == "after")
    assert "d1_migrations_old" not in tables(prod)
