"""The SQL files in the folder `tests` of the migrations. Pure, except for reading them.

Above the line `-- d1:after`, a file has what runs at the version before its migration. Below it has what must hold
afterwards: each value of a SELECT must be true, and a statement below `-- d1:refused TEXT` must be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import read_folder
from pulumi_d1.migrations.passed_over import TESTS_FOLDER
from pulumi_d1.sqlite.statements import comments, normalize_newlines, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.folder import Migration, MigrationsFolder
    from pulumi_d1.sqlite.statements import Statement

AFTER: Final = "-- d1:after"
REFUSED: Final = "-- d1:refused"


@dataclass(frozen=True, slots=True)
class Check:
    """A statement that runs after the migration.

    Attributes:
        refusal: A part of the error that it must have; None if it must not be refused.
    """

    statement: Statement
    refusal: str | None


@dataclass(frozen=True, slots=True)
class RowTest:
    """A test of one migration.

    Attributes:
        name: The name of its file.
        migration: The name of the migration.
        rows: The statements that run before the migration.
        checks: The statements that run after it.
    """

    name: str
    migration: str
    sql: str
    rows: tuple[Statement, ...]
    checks: tuple[Check, ...]


def read_tests(folder: MigrationsFolder, migrations: Sequence[Migration]) -> tuple[RowTest, ...]:
    """Return the tests of a folder, by name; none if it has no folder `tests`.

    Raises:
        ConfigError: A test cannot be read, belongs to no migration, checks nothing, or would run as a migration.
    """
    path = folder.path / TESTS_FOLDER
    if not path.is_dir():
        return ()
    tests = []
    for file in read_folder(path):
        shown = f"{folder.name}/{TESTS_FOLDER}/{file.name}"
        if folder.pattern.matches(f"{TESTS_FOLDER}/{file.name}"):
            raise ConfigError(
                f"{shown}: matches migrationsPattern, so it would run as a migration: narrow the pattern, such as "
                f"{folder.name}/*/migration.sql"
            )
        tests.append(_parse(file, shown, migrations))
    return tuple(tests)


def _parse(file: Migration, shown: str, migrations: Sequence[Migration]) -> RowTest:
    script = normalize_newlines(file.sql)
    marks = [comment for comment in comments(script) if comment.text.strip() == AFTER]
    if len(marks) != 1:
        raise ConfigError(
            f"{shown}: needs one line '{AFTER}', but has {len(marks) or 'none'}: above it, insert rows as they are "
            "before the migration; below it, SELECT what must be true afterwards"
        )
    statements = split(script)
    rows = tuple(statement for statement in statements if statement.end <= marks[0].offset)
    checks = tuple(
        Check(statement, _refusal(script, rest.end if rest else marks[0].end, statement.offset))
        for rest, statement in zip((None, *statements[len(rows) :]), statements[len(rows) :], strict=False)
    )
    if not checks:
        raise ConfigError(f"{shown}: checks nothing: below '{AFTER}', SELECT what must be true after the migration")
    return RowTest(file.name, _migration(file.name, shown, migrations), script, rows, checks)


def _refusal(script: str, start: int, end: int) -> str | None:
    """Return the text that the error of the statement below must have; None if it must not be refused."""
    texts = [comment.text for comment in comments(script[start:end]) if comment.text.startswith(REFUSED)]
    return texts[-1].removeprefix(REFUSED).strip() if texts else None


def _migration(name: str, shown: str, migrations: Sequence[Migration]) -> str:
    """Return the migration whose name a test's name begins with, such as `0004_tags.empty.sql`.

    Raises:
        ConfigError: There is none.
    """
    stem = name.removesuffix(".sql")
    names = {_short(migration.name): migration.name for migration in migrations}
    matching = [short for short in names if stem == short or stem.startswith(f"{short}.")]
    if not matching:
        raise ConfigError(
            f"{shown}: tests no migration: give it the name of one, such as {next(iter(names), '0001_init')}.sql or "
            f"{next(iter(names), '0001_init')}.empty.sql"
        )
    return names[max(matching, key=len)]


def _short(migration: str) -> str:
    """Return the name of a migration without its extension; that of its folder for `0004_tags/migration.sql`."""
    return migration.removesuffix(".sql").removesuffix("/migration").replace("/", ".")
