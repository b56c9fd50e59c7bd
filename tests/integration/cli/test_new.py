"""`d1 new` continues the project's own layout, and overwrites nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pulumi_d1.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without migrations, and without access to Cloudflare."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID", raising=False)
    return tmp_path


def d1(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_first_files_have_wranglers_names_and_comment(folder: Path) -> None:
    assert d1("new", "add tags").output == "created migrations/0001_add_tags.sql\n"
    assert d1("new", "more", "tags").output == "created migrations/0002_more_tags.sql\n"
    text = (folder / "migrations" / "0002_more_tags.sql").read_text()
    assert text.startswith("-- Migration number: 0002 \t 20")
    assert text.count("\n") == 1


def test_the_new_file_is_pending_and_reported_while_it_is_empty(folder: Path) -> None:
    (folder / "migrations").mkdir()
    assert d1("new", "add tags").exit_code == 0
    assert "migrations/0001_add_tags.sql has no statement" in d1("plan", "--offline").stdout


def test_a_layout_of_folders_continues_and_drizzle_is_named(folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text(
        "config:\n  shop:migrationsDir: drizzle\n  shop:migrationsPattern: drizzle/*/migration.sql\n"
    )
    first = folder / "drizzle" / "20250101120000_users"
    first.mkdir(parents=True)
    (first / "migration.sql").write_text("CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
    (first / "snapshot.json").write_text("{}")
    done = d1("new", "add tags")
    assert done.stdout.startswith("created drizzle/20")
    assert done.stderr.startswith("note: drizzle-kit does not know this file.")
    [new] = folder.glob("drizzle/*_add_tags/migration.sql")
    assert new.parent.name > first.name
    assert "2 pending" in d1("plan", "--offline").stdout


def test_nothing_is_overwritten(folder: Path) -> None:
    taken = folder / "migrations" / "0001_add_tags.sql"
    taken.mkdir(parents=True)  # a folder is no migration, so its number is free
    done = d1("new", "add tags")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"Error: {taken} exists already: nothing was written\n"


def test_a_nested_layout_without_its_pattern_is_refused(folder: Path) -> None:
    (folder / "migrations" / "0001_a").mkdir(parents=True)
    (folder / "migrations" / "0001_a" / "migration.sql").write_text("SELECT 1;\n")
    done = d1("new", "add tags")
    assert done.exit_code == 1
    assert "pulumi config set migrationsPattern 'migrations/*/migration.sql'" in done.stderr
    assert [path.name for path in (folder / "migrations").iterdir()] == ["0001_a"]
