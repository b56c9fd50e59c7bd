"""A pull request's database that starts as a copy of dev's."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.support.copying import holdings
from tests.support.inspect_project import FILES, ledger

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

ROWS = """
    INSERT INTO users (email, password_hash, name) VALUES ('a@b.c', 'x', 'A'), ('d@e.f', 'y', 'D');
    INSERT INTO sessions (id, user_id, expires_at) VALUES ('s', 2, 9007199254740993);
    INSERT INTO content (author_id, slug, title) VALUES (1, 'hello', 'Hello');
    CREATE VIRTUAL TABLE found USING fts5(title, content = 'content', content_rowid = 'id');
    INSERT INTO found (found) VALUES ('rebuild');
"""


def test_the_life_of_a_copy(project: Project) -> None:
    project.pulumi("stack", "init", "pr-12")
    project.pulumi("config", "set", "copyFrom", "dev", "--stack", "pr-12")
    early = project.up("pr-12", check=False)
    assert early.returncode != 0
    assert "copyFrom is dev, but that stack has no database yet: run 'pulumi up --stack dev' first" in early.stdout

    project.up()
    project.database().import_script(ROWS)
    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY, user_id REFERENCES users(id));\n")
    before = holdings(project.database())

    shown = project.preview("pr-12")
    assert "your-app-db-pr-12 starts as a copy of your-app-db-dev: 6 tables with 7 rows" in shown
    assert "pending on your-app-db-pr-12:\n      0004_tags.sql\n" in shown

    done = project.up("pr-12")
    assert "copied 6 tables with 7 rows from your-app-db-dev" in done.stdout
    assert ledger(project, "pr-12") == [*FILES, "0004_tags.sql"]
    found = holdings(project.database("pr-12"))
    own = {"", "d1_migrations", "sqlite_sequence", "tags"}  # of which the file that came later has changed something
    assert {name: found[name] for name in before if name not in own} == {
        name: before[name] for name in before if name not in own
    }
    assert holdings(project.database()) == before, "the source is only read"

    [copied] = [item for item in project.state("pr-12") if item["type"].endswith("d1:Copy")]
    assert b"pulumi_d1.program.resources.copy" in base64.b64decode(copied["inputs"]["__provider"]), "a stored format"
    project.pulumi("refresh", "--stack", "pr-12", "--yes", "--skip-preview", "--expect-no-changes")

    project.database("pr-12").write("DELETE FROM sessions")
    project.up("pr-12", "--expect-no-changes")
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    project.up("pr-12", "--expect-no-changes")
    assert project.database("pr-12").read("SELECT * FROM sessions") == ()
    project.pulumi("destroy", "--stack", "pr-12", "--yes", "--skip-preview")


def test_a_database_with_rows_never_becomes_a_copy(migrated: Project) -> None:
    migrated.pulumi("stack", "init", "pr-12")
    migrated.up("pr-12")
    before = holdings(migrated.database("pr-12"))
    migrated.pulumi("config", "set", "copyFrom", "dev", "--stack", "pr-12")
    refused = migrated.up("pr-12", check=False)
    assert refused.returncode != 0
    assert "your-app-db-pr-12 is not empty" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
    assert holdings(migrated.database("pr-12")) == before
