"""Files that would silently lose rows: stopped in prod, with the number of rows; a warning elsewhere."""

from __future__ import annotations

import gzip
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

ROWS = """
    INSERT INTO users (id, email, password_hash, name) VALUES (1, 'a', '', 'Ann'), (2, 'b', '', 'Bo');
    INSERT INTO sessions (id, user_id, expires_at) VALUES ('x', 1, ''), ('y', 1, ''), ('z', 2, '');
    INSERT INTO content (author_id, slug, title) VALUES (1, 's', ''), (NULL, 't', '');
"""
REBUILD = """\
PRAGMA defer_foreign_keys = ON;
CREATE TABLE users_new (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  password_hash TEXT NOT NULL, created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME);
INSERT INTO users_new (id, email, name, password_hash, created_at, updated_at)
  SELECT id, email, name, password_hash, created_at, updated_at FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
"""


def started(project: Project, stack: str) -> None:
    """An environment with two people, three sessions and two texts."""
    if stack != "dev":
        project.pulumi("stack", "init", stack)
    project.up(stack)
    project.database(stack).write(ROWS)


def counted(project: Project, stack: str, table: str) -> int:
    (row,) = project.database(stack).read(f"SELECT count(*) AS n FROM {table}")
    number: int = row["n"]
    return number


def test_a_rebuild_that_would_delete_sessions_is_stopped_in_prod_with_their_number(project: Project) -> None:
    started(project, "prod")
    before = project.database("prod").bookmark()
    project.write("0004_rebuild_users.sql", REBUILD)
    for refused in (project.pulumi("preview", "--stack", "prod", check=False), project.up("prod", check=False)):
        text = refused.stdout + refused.stderr
        assert refused.returncode != 0
        assert "nothing was applied" in text
        assert "migrations/0004_rebuild_users.sql:6:1: D101" in text
        assert "3 rows of sessions" in text
        assert "1 row of content" in text
        assert "defer_foreign_keys" in text
        assert "(d1 explain D101)" in text
        assert "Traceback" not in text
    assert project.database("prod").bookmark() == before
    assert counted(project, "prod", "sessions") == 3


@pytest.mark.thorough
def test_elsewhere_it_is_a_warning_and_what_it_warns_of_happens(project: Project) -> None:
    started(project, "dev")
    project.write("0004_rebuild_users.sql", REBUILD)
    assert "3 rows of sessions" in project.preview()
    project.up()
    assert counted(project, "dev", "users") == 2
    assert counted(project, "dev", "sessions") == 0


@pytest.mark.thorough
def test_a_backup_is_made_and_verified_before_rows_are_lost_or_nothing_is_applied(project: Project) -> None:
    started(project, "dev")
    project.pulumi("config", "set", "backupBeforeLoss", "true", "--stack", "dev")
    project.write("0004_rebuild_users.sql", REBUILD)
    (project.folder / "backups").write_text("in the way")
    refused = project.up("dev", check=False)
    assert refused.returncode != 0
    assert "nothing was applied: the pending files may lose rows, and the backup before that failed: " in refused.stdout
    assert counted(project, "dev", "sessions") == 3

    (project.folder / "backups").unlink()
    assert "a backup is made and verified first, in backups" in project.preview()
    assert "verified    it loads into a local D1" in project.up().stdout
    assert counted(project, "dev", "sessions") == 0
    (backup,) = (project.folder / "backups").glob("*.sql.gz")
    assert gzip.decompress(backup.read_bytes()).count(b'INSERT INTO "sessions"') == 1
    project.write("0005_tags.sql", "CREATE TABLE tags (name TEXT);")
    project.up()
    assert list((project.folder / "backups").glob("*.sql.gz")) == [backup], "nothing was lost"


@pytest.mark.thorough
def test_a_file_can_allow_it_with_a_reason(project: Project) -> None:
    started(project, "prod")
    allowed = REBUILD.replace("DROP TABLE", "-- d1:allow D101 everybody signs in again\nDROP TABLE")
    project.write("0004_rebuild_users.sql", allowed)
    assert "(everybody signs in again)" in project.preview("prod")
    project.up("prod")
    assert counted(project, "prod", "sessions") == 0


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["preview", "up"])
def test_a_new_environment_loses_nothing_and_is_made_from_all_files(project: Project, way: str) -> None:
    project.write("0004_rebuild_users.sql", REBUILD)
    project.pulumi("stack", "init", "prod")
    shown = project.preview("prod") if way == "preview" else project.up("prod").stdout
    assert "D101" not in shown
    assert "warnings:" not in shown


LEVELS = """\
CREATE TABLE devices (id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE);
CREATE TABLE clicks (id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE);
CREATE TRIGGER no_email BEFORE UPDATE OF email ON users BEGIN SELECT raise(ABORT, 'fixed'); END;
"""


def test_a_rebuild_that_is_stopped_is_rewritten_and_applied_with_every_row(project: Project) -> None:
    project.write("0004_levels.sql", LEVELS)
    started(project, "prod")
    database = project.database("prod")
    database.write("INSERT INTO devices VALUES (1, 'x'), (2, 'z'); INSERT INTO clicks VALUES (1, 1), (2, 1), (3, 2);")
    tables = ("users", "sessions", "devices", "clicks", "content")
    before = {table: database.read(f"SELECT * FROM {table} ORDER BY id") for table in tables}
    project.write("0005_rebuild_users.sql", REBUILD)
    stopped = project.up("prod", check=False)
    assert stopped.returncode != 0
    assert "'d1 rebuild 0005_rebuild_users.sql --stack STACK'" in " ".join((stopped.stdout + stopped.stderr).split())

    written = project.run(
        sys.executable, "-m", "pulumi_d1.cli", "rebuild", "0005_rebuild_users.sql", "--stack", "prod"
    ).stdout
    assert "put back   clicks: 3 rows" in written
    assert "recreated  trigger no_email" in written
    project.up("prod")
    assert {table: database.read(f"SELECT * FROM {table} ORDER BY id") for table in tables} == before
    assert [row["name"] for row in database.read("SELECT name FROM sqlite_master WHERE type = 'trigger'")] == [
        "no_email"
    ]
    assert database.read("PRAGMA foreign_key_check") == ()
