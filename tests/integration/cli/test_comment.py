"""`d1 comment` reports on several stacks at once; an unreadable one hides no other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pulumi_d1.migrations import ledger
from pulumi_d1.reports.comment import MARKER

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import Project

REBUILD = """\
ALTER TABLE users RENAME TO old;
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
DROP TABLE sessions;
"""


def migrated(project: Project, name: str) -> D1Api:
    """A database with the example applied, and a row."""
    database = project.create(name)
    for file in sorted((project.folder / "migrations").iterdir()):
        database.write(f"{ledger.create('d1_migrations')}{file.read_text()}{ledger.insert('d1_migrations', file.name)}")
    database.write("INSERT INTO users (id, email, password_hash, name) VALUES (1, 'a', '-', 'Ada')")
    database.write("INSERT INTO sessions (id, user_id, expires_at) VALUES ('s', 1, '2030-01-01')")
    return database


def test_nothing_to_do_then_pending_then_stopped(project: Project) -> None:
    dev, prod = (migrated(project, f"your-app-db-{stack}") for stack in ("dev", "prod"))
    both = ("comment", "--stack", "dev", "--stack", "prod")
    done = project.d1(*both)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{MARKER}\n")
    assert "| Development | `your-app-db-dev` | 3 | 0 | 0 | 0 |" in done.stdout
    assert done.stdout.count("✅ Nothing to do.") == 2
    assert f"bookmark `{dev.bookmark()}`, restorable until " in done.stdout
    assert done.stdout.count(f"`{prod.bookmark()}`") >= 1

    project.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nALTER TABLE users ADD COLUMN age;\n")
    done = project.d1(*both)
    assert done.returncode == 2
    assert done.stdout.count("🟡 `pulumi up` would apply 1 file.") == 2
    assert "```diff\n+ column users.age\n+ table tags  id\n```" in done.stdout

    project.write("0005_rebuild.sql", REBUILD)
    project.write("0006_broken.sql", "CREATE TABEL oops (id);\n")
    done = project.d1(*both)
    assert done.returncode == 1
    dev_text, prod_text = re.split(r"^#### Production$", done.stdout, flags=re.MULTILINE)
    lost = "- `migrations/0005_rebuild.sql:3:1` **D102** `sessions is dropped with its rows (1 row)`"
    assert lost in dev_text.partition("**Warnings**")[2]
    assert lost in prod_text.partition("**Errors**")[2].partition("**Pending**")[0]
    assert "(`d1 explain D102`)" in prod_text
    assert "- `migrations/0006_broken.sql:1:8` **D200** `" in dev_text


def test_an_unreadable_stack_is_reported_beside_the_others(project: Project) -> None:
    migrated(project, "your-app-db-dev")
    (project.folder / "Pulumi.prod.yaml").write_text("config:\n  your-app:bindng: '@everyone'\n")
    done = project.d1("comment", "--stack", "prod", "--stack", "dev", "--output", "c.md")
    assert (done.returncode, done.stdout) == (1, "")
    text = (project.folder / "c.md").read_text()
    assert "⛔ This stack could not be reviewed: `the configuration of stack 'prod' has mistakes:" in text
    assert "✅ Nothing to do." in text
    assert "prod: the configuration of stack 'prod' has mistakes:" in done.stderr


def test_offline_needs_neither_token_nor_account(project: Project) -> None:
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_BASE_URL"):
        del project.environment[name]
    done = project.d1("comment", "--offline", "--stack", "dev", "--stack", "prod")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("This run had no access to the database") == 2
    project.write("0004_broken.sql", "CREATE TABEL oops (id);\n")
    done = project.d1("comment", "--offline")
    assert done.returncode == 1
    assert "`migrations/0004_broken.sql:1:8`" in done.stdout


def test_a_database_that_does_not_exist_yet_is_reported(project: Project) -> None:
    done = project.d1("comment")
    assert done.returncode == 2
    assert "The database does not exist yet; `pulumi up` creates it." in done.stdout


def test_options_that_contradict_each_other_are_one_message(project: Project) -> None:
    done = project.d1("comment", "--offline", "--state")
    assert done.returncode == 64
    assert "--state reads Pulumi's state, and --offline reads nothing: use one of them" in done.stderr
