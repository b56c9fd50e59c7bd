"""`d1 schema` prints, writes and checks the schema that the migrations create. It needs no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pulumi_d1.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

HEAD = "-- The schema after all migrations. Written by 'd1 schema'.\n\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two migrations, and without access to Cloudflare."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_users.sql").write_text("CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
    (tmp_path / "migrations" / "0002_name.sql").write_text("ALTER TABLE users ADD COLUMN name TEXT;\n")
    monkeypatch.chdir(tmp_path)
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def d1(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["schema", *arguments])


@pytest.mark.usefixtures("folder")
def test_the_schema_is_that_after_all_files_without_the_ledger() -> None:
    assert d1().stdout == f"{HEAD}CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"
    assert (
        "export interface UsersRow {\n  id: number;\n  name: string | null;\n}\n" in d1("--types", "typescript").stdout
    )
    assert '    "users" {\n        INTEGER id PK\n' in d1("--diagram").stdout


def test_sql_is_printed_as_it_is_written(folder: Path) -> None:
    (folder / "migrations" / "0003_tags.sql").write_text("CREATE TABLE tags (\n\tid INTEGER PRIMARY KEY\n);\n")
    assert d1("--write", "schema.sql").exit_code == 0
    assert d1().stdout == (folder / "schema.sql").read_text()


def test_a_file_is_written_once_and_checked(folder: Path) -> None:
    assert d1("--write", "schema.sql").output == "schema.sql: written\n"
    assert d1("--write", "schema.sql").output == "schema.sql: up to date\n"
    assert d1("--check", "schema.sql").output == ""
    (folder / "migrations" / "0003_tags.sql").write_text("CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    differs = d1("--check", "schema.sql")
    assert differs.exit_code == 1
    assert "+CREATE TABLE tags (id INTEGER PRIMARY KEY);" in differs.stdout
    assert differs.stderr == "Error: schema.sql: is not up to date: run 'd1 schema --write schema.sql'\n"
    assert d1("--write", "schema.sql").exit_code == 0
    assert "CREATE TABLE tags" in (folder / "schema.sql").read_text()


def test_a_markdown_file_keeps_its_text_around_the_diagram(folder: Path) -> None:
    page = folder / "database.md"
    page.write_text("# Our database\n")
    assert d1("--diagram", "--write", "database.md").exit_code == 0
    assert page.read_text().startswith("# Our database\n\n<!-- d1 schema --diagram -->\n```mermaid\n%% The schema")
    assert d1("--diagram", "--check", "database.md").exit_code == 0
    assert d1("--types", "typescript", "--check", "database.md").exit_code == 1


def test_a_file_of_another_kind_is_never_overwritten(folder: Path) -> None:
    (folder / "index.ts").write_text("export {}\n")
    refused = d1("--types", "typescript", "--write", "index.ts")
    assert refused.exit_code == 1
    assert refused.stderr == (
        "Error: index.ts: 'd1 schema --types typescript' has not written this file: nothing was written; choose "
        "another\n"
    )
    assert (folder / "index.ts").read_text() == "export {}\n"
    refused = d1("--write", "migrations/schema.sql")
    assert refused.exit_code == 1
    assert "is in the migrations folder and would run as a migration" in refused.stderr


def test_a_file_that_d1_refuses_is_named_with_its_place(folder: Path) -> None:
    (folder / "migrations" / "0003_tags.sql").write_text("SELECT 1;\nSELECT nope FROM users;\n")
    refused = d1("--check", "schema.sql")
    assert refused.exit_code == 1
    assert refused.stderr == (
        "Error: migrations/0003_tags.sql:2:8: the schema is unknown, because this file cannot run on a new database: "
        "no such column: nope at offset 7: SQLITE_ERROR\n"
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("pair", [("--diagram", "--types", "typescript"), ("--write", "a", "--check", "a")])
def test_options_that_exclude_one_another_are_a_wrong_command_line(pair: tuple[str, ...]) -> None:
    assert d1(*pair).exit_code == 64
