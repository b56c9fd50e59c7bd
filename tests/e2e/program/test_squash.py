"""`d1 squash` with the real engine and the real wrangler: nothing runs a second time, and a stack behind is refused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import installed
from tests.support.inspect_project import FILES
from tests.support.wrangler import Wrangler

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.pulumi_project import Project

D1 = (sys.executable, "-m", "pulumi_d1.cli")
NEW = "0003_squashed.sql"


@pytest.fixture
def worker(tmp_path: Path, variables: dict[str, str]) -> Wrangler:
    """The real wrangler in the folder of `migrated`."""
    return Wrangler.of(installed.binaries(), tmp_path / "project", tmp_path, variables)


def ledger(database: D1Api) -> list[str]:
    return [row["name"] for row in database.read("SELECT name FROM d1_migrations ORDER BY id")]


def schema(database: D1Api) -> list[tuple[str, str, str]]:
    rows = database.read("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1, 2")
    return [(row["type"], row["name"], row["sql"]) for row in rows]


@pytest.mark.thorough
def test_a_stack_swaps_its_ledger_once_and_one_that_is_behind_is_refused(migrated: Project, worker: Wrangler) -> None:
    database = migrated.database()
    database.write("INSERT INTO users (email, password_hash, name) VALUES ('ada@example.com', 'x', 'Ada')")
    before = schema(database)

    migrated.run(*D1, "squash", "--through", FILES[-1], "--force")
    done = migrated.pulumi("up", "--stack", "dev", "--yes").stdout
    assert f"{NEW} (runs no statement: takes the place of 3 applied files)" in done, "the preview shows it"
    assert f"applied {NEW} (1 of 1)" in done
    assert (ledger(database), schema(database)) == ([NEW], before)
    assert database.read("SELECT email FROM users") == ({"email": "ada@example.com"},)
    assert migrated.run(*D1, "history", "--stack", "dev").stdout.count("(squashed)") == len(FILES)

    bookmark = database.bookmark()
    again = migrated.pulumi("up", "--stack", "dev", "--yes").stdout
    assert "pending" not in again
    assert "No migrations to apply!" in worker.d1("migrations", "apply", "DB", "--remote").stdout
    assert database.bookmark() == bookmark
    worker.d1("migrations", "apply", "DB", "--local")  # the new file on the real D1 engine

    database.write(f"UPDATE d1_migrations SET name = '{FILES[0]}'")
    behind = migrated.up(check=False)
    assert behind.returncode != 0
    message = f"migrations/{NEW} stands for 3 files, but {FILES[1]} and 1 more is not applied here"
    assert message in behind.stdout + behind.stderr
    assert ledger(database) == FILES[:1]
