"""A live database with rows, and the findings of lint for files that are pending on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import Migration, read_folder
from pulumi_d1.migrations.rehearsal.evidence import collect_evidence
from pulumi_d1.migrations.rehearsal.rehearse import rehearse_both
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind, RehearsalOptions, RowsMode
from pulumi_d1.migrations.rehearsal.rows.read import read_rows
from pulumi_d1.migrations.review.lint.check import lint
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from pulumi_d1.sqlite.statements import split
from tests.support.local_database import LocalDatabase
from tests.support.paths import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.review.lint.finding import Finding
    from pulumi_d1.sqlite.schema import SchemaObject
    from tests.support.lint.cases import Case

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


def findings(
    *files: str, more: str = "", rows: RowsMode = RowsMode.AUTO, has_code: bool = False
) -> tuple[Finding, ...]:
    """Return the findings for files that are pending on the live database."""
    return of_database(database(more), *files, rows=rows, has_code=has_code)


def of_case(case: Case, sql: str) -> tuple[Finding, ...]:
    """Return the findings for a file of a case."""
    if not case.budget:
        return findings(sql, more=case.live, rows=RowsMode(case.rows), has_code=case.code >= "D400")
    connection = database(case.live)
    objects = tuple(schema.read(connection).objects.values())
    options = RehearsalOptions(RowsMode.MADE, budget=timedelta(seconds=case.budget))
    evidence = collect_evidence(objects, pending(sql), TABLE, database=None, options=options)
    return lint(evidence.rehearsal, TABLE)


def of_database(
    connection: apsw.Connection, *files: str, rows: RowsMode = RowsMode.AUTO, has_code: bool = False
) -> tuple[Finding, ...]:
    """Return the findings for files that are pending on a database."""
    objects = tuple(schema.read(connection).objects.values())
    options = RehearsalOptions(rows)
    if rows is RowsMode.MADE:
        return _lint(objects, pending(*files), BasisKind.MADE, has_code=has_code)
    read = read_rows(cast("Database", LocalDatabase(connection)), objects, TABLE, options)
    return _lint(objects, pending(*files), BasisKind.LIVE, read, has_code=has_code)


def of_rows(objects: Sequence[SchemaObject], rows: Iterable[str], *files: str) -> tuple[Finding, ...]:
    """Return the findings for files that are pending on a schema with rows.

    Args:
        rows: The statements that insert the rows.
    """
    return _lint(objects, pending(*files), BasisKind.LIVE, rows)


def of_folder(*files: str) -> tuple[Finding, ...]:
    """Return the findings for the whole folder with these files at its end, without a database, as in an editor."""
    return _lint((), (*MIGRATIONS, *pending(*files)), BasisKind.MADE, exists=False)


def of_new_database(*files: str) -> tuple[Finding, ...]:
    """Return the findings for the whole folder with these files at its end, on a database that does not exist yet."""
    return _lint((), (*MIGRATIONS, *pending(*files)), BasisKind.NEW)


def _lint(  # noqa: PLR0913 - a rehearsal depends on all of these
    objects: Sequence[SchemaObject],
    files: Sequence[Migration],
    kind: BasisKind,
    rows: Iterable[str] = (),
    *,
    exists: bool = True,
    has_code: bool = False,
) -> tuple[Finding, ...]:
    rehearsal, elsewhere = rehearse_both(objects, files, TABLE, kind, rows)
    return lint(rehearsal, TABLE, elsewhere=elsewhere, exists=exists, has_code=has_code)


def pending(*files: str) -> tuple[Migration, ...]:
    """Return pending files that follow the applied ones."""
    return tuple(Migration(f"{number:04}_pending.sql", sql) for number, sql in enumerate(files, 4))
