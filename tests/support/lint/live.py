"""A live database with rows, and the findings of lint for files that are pending on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import Migration, read_folder
from pulumi_d1.migrations.review.counts import count_sql, needed_counts, read_counts
from pulumi_d1.migrations.review.lint.check import lint
from pulumi_d1.migrations.review.rehearsal import rehearse
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from pulumi_d1.sqlite.statements import split
from tests.support.paths import EXAMPLE

if TYPE_CHECKING:
    import apsw

    from pulumi_d1.migrations.review.lint.finding import Finding

TABLE: Final = ledger.DEFAULT_TABLE
MIGRATIONS: Final = read_folder(EXAMPLE / "migrations")
SEED: Final = """
INSERT INTO users (id, email, password_hash, name) VALUES (1, 'a@shop.example', '-', 'Ada'),
  (2, 'b@shop.example', '-', 'Bo');
INSERT INTO sessions (id, user_id, expires_at) VALUES
  ('s1', 1, '2030-01-01'), ('s2', 1, '2030-01-01'), ('s3', 2, '2030-01-01');
INSERT INTO files (id, owner_id, r2_key, name, content_type, size) VALUES (1, 2, 'k', 'n', 'text/plain', 3);
INSERT INTO content (id, author_id, slug, title) VALUES (1, 1, 'one', 'One'),
  (2, 2, 'two', 'Two'), (3, NULL, 'three', 'Three');
"""


def statements(more: str = "") -> list[str]:
    """Return the statements that create the live database: applied migrations, ledger, rows and `more`."""
    applied = [ledger.create(TABLE), *(f"{item.sql}\n{ledger.insert(TABLE, item.name)}" for item in MIGRATIONS)]
    return [text for script in (*applied, SEED, more) for text in texts(script)]


def texts(script: str) -> list[str]:
    """Return the statements of a script."""
    return [statement.text for statement in split(script)]


def database(more: str = "") -> apsw.Connection:
    """Return the live database in memory."""
    connection = open_database(":memory:")
    run_script(connection, "\n".join(statements(more)))
    return connection


def findings(*files: str, more: str = "") -> tuple[Finding, ...]:
    """Return the findings for files that are pending on the live database."""
    connection = database(more)
    objects = schema.read(connection).objects.values()
    rehearsal = rehearse(objects, pending(*files), TABLE)
    queries = needed_counts(rehearsal)
    answer = connection.execute(count_sql(queries)).fetchall() if queries else []
    numbers = read_counts(queries, [{"place": place, "total": total} for place, total in answer])
    return lint(rehearsal, TABLE, numbers)


def of_folder(*files: str) -> tuple[Finding, ...]:
    """Return the findings for the whole folder with these files at its end, without a database, as in an editor."""
    return lint(rehearse([], (*MIGRATIONS, *pending(*files)), TABLE), TABLE, None)


def of_new_database(*files: str) -> tuple[Finding, ...]:
    """Return the findings for the whole folder with these files at its end, on a database that does not exist yet."""
    return lint(rehearse([], (*MIGRATIONS, *pending(*files)), TABLE), TABLE, {})


def pending(*files: str) -> tuple[Migration, ...]:
    """Return pending files that follow the applied ones."""
    return tuple(Migration(f"{number:04}_pending.sql", sql) for number, sql in enumerate(files, 4))
