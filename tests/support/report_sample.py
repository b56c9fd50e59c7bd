"""Two environments for `d1 report`, the same in each run: production is a file behind, with a past of three months."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pulumi_d1.cli import report
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.past.history import Application
from tests.support.cli_state import put_pulumi_on_path, stack_resources

if TYPE_CHECKING:
    import pytest

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import ReviewedDatabase

NOW: Final = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
RETENTION: Final = timedelta(days=30)

APPLIED: Final = (
    # A file, the day when it was applied, the user, and its SQL.
    ("0001_users.sql", 88, "ada", "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);\n"),
    (
        "0002_sessions.sql",
        61,
        "ada",
        "CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE);\n",
    ),
    (
        "0003_posts.sql",
        19,
        "grace",
        """\
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER, title TEXT, body TEXT);
CREATE INDEX posts_author ON posts (author);
CREATE VIEW recent AS SELECT title FROM posts LIMIT 9;
""",
    ),
    ("0004_settings.sql", 6, "grace", "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;\n"),
)
PENDING: Final = """\
-- Every user gets an address of their own.
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '');
INSERT INTO users_new SELECT id, email, coalesce(name, '') FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

CREATE TABLE tags (id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL REFERENCES posts (id), label TEXT NOT NULL);
ALTER TABLE posts DROP COLUMN body;
"""
ROWS: Final = """
INSERT INTO users WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1204) SELECT i, 'e' || i, 'n' FROM n;
INSERT INTO sessions SELECT 's' || id, id FROM users;
INSERT INTO posts SELECT id, id, 't', 'b' FROM users LIMIT 90;
"""


def arrange(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let dev have all files, and prod have them but for the last, whose rows it would delete."""
    dev = Account(prod.database.client, prod.database.account_id).create("your-app-db-dev")
    (prod.folder / "Pulumi.dev.yaml").write_text("config:\n  your-app:migrationsDir: migrations\n")
    pulumi = put_pulumi_on_path(prod, monkeypatch)
    for name, _, _, sql in APPLIED:
        prod.write(name, sql)
    prod.write("0005_unique_email.sql", PENDING)
    files = ((*APPLIED, ("0005_unique_email.sql", 1, "grace", PENDING)), APPLIED)
    for stack, database, applied in zip(("dev", "prod"), (dev, prod.database), files, strict=True):
        pulumi.run(stack, stack_resources(database, f"your-app-db-{stack}", _apply(database, applied)))
    prod.database.write(ROWS)
    monkeypatch.setattr(report, "datetime", _Clock)


class _Clock(datetime):
    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        assert tz is UTC
        return NOW


def _apply(database: D1Api, files: tuple[tuple[str, int, str, str], ...]) -> list[Application]:
    """Apply files as runs of days ago, and return the history."""
    history = []
    for name, days, by, sql in files:
        time = NOW - timedelta(days=days, hours=days % 7)
        bookmark = Bookmark(database.bookmark(), time, RETENTION)
        database.write(f"{ledger.create('d1_migrations')}{sql}{ledger.insert('d1_migrations', name)}")
        database.write(f"UPDATE d1_migrations SET applied_at = '{time:%Y-%m-%d %H:%M:%S}' WHERE name = '{name}'")
        commit = sha256(name.encode()).hexdigest()[:40]
        history.append(Application(name, sha256(sql.encode()).hexdigest(), time, 0.2, by, commit, bookmark))
    return history
