"""`d1 rebuild`: rebuild tables without losing rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import complete_migrations, stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_review import find_database
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import ConfigError, PlanRefused
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.next_file import first_line, next_name
from pulumi_d1.migrations.rebuild.definition import Wish
from pulumi_d1.migrations.rebuild.rebuild import rebuild_safely
from pulumi_d1.migrations.review.lint.finding import format_rows
from pulumi_d1.migrations.review.review import format_findings
from pulumi_d1.sqlite.names import fold
from pulumi_d1.system.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.migrations.folder import MigrationsFolder
    from pulumi_d1.migrations.rebuild.rebuild import Rebuild


@click.command()
@click.argument("file", required=False, shell_complete=complete_migrations)
@stack_option("Stack whose database the file must be safe for.")
@click.option("--table", metavar="NAME", help="Table to rebuild in a new file, instead of FILE.")
@click.option("--not-null", metavar="COLUMN", multiple=True, help="Make a column NOT NULL; repeatable.")
@click.option("--type", "types", metavar="COLUMN=TYPE", multiple=True, help="Change a column's type; repeatable.")
@click.option(
    "--drop-check",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    default=None,
    help="Drop a CHECK: the only one, or by name.",
)
@click.option("--create", metavar="FILE", type=click.Path(path_type=Path), help="File with the new CREATE TABLE.")
@click.option(
    "--fill", metavar="COLUMN=SQL", multiple=True, help="Value for NULLs, such as name=\"'unknown'\"; repeatable."
)
@click.option("--offline", is_flag=True, help="Prove it on generated rows, without reading the database.")
@click.option("--dry-run", is_flag=True, help="Print the SQL, and write nothing.")
def rebuild(  # noqa: PLR0913 - one for each option
    *,
    file: str | None,
    stack: str,
    table: str | None,
    not_null: Sequence[str],
    types: Sequence[str],
    drop_check: str | None,
    create: Path | None,
    fill: Sequence[str],
    offline: bool,
    dry_run: bool,
) -> None:
    r"""Rebuild tables without losing rows.

    FILE is a pending migration that drops and creates tables, as Drizzle and Prisma write it. It is replaced by one
    that loses nothing on D1. With --table, a new migration is created. Both are proved first: they run on a copy of
    the database with its rows, and every table is compared.

    Exit code: 0 proved and written, 1 not safe, with the reasons. Then nothing is written.

    \b
    Examples:
      d1 rebuild 0004_users.sql --stack prod
      d1 rebuild --table users --not-null name --fill "name='unknown'"
      d1 rebuild --table orders --type qty=INTEGER --drop-check --dry-run
      d1 rebuild --table users --create users.sql --stack prod
    """
    wish = _wish(file, table, not_null, types, drop_check, _text(create) if create else "", fill)
    folder = project.root()
    settings = project.settings(folder, stack, needs_account=not offline)
    migrations = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder)
    files = migrations.read()
    names = [item.name for item in files]
    now = datetime.now(UTC)
    name = (
        next_name(names, migrations.pattern, f"rebuild {wish.table}", now) if wish else migrations.name_of(file or "")
    )
    with waiting(f"proving {name} on a copy of {settings.database_name}"):
        database = None if offline else find_database(settings)
        result = rebuild_safely(
            files,
            name,
            settings.migrations_table,
            wish,
            first_line=first_line(name, now) if wish else "",
            database=database,
            options=settings.run_options.rehearsal,
        )
    script = result.proof.script
    say(result.basis.line, err=dry_run)
    if result.proof.problems:
        reasons = "".join(f"\n  {problem}" for problem in result.proof.problems)
        raise PlanRefused(f"{migrations.name}/{name} was not written, because it cannot be made safe:{reasons}")
    _report(result, migrations.name, err=dry_run)
    texts = {name: script.sql}
    if script.triggers:
        title = f"triggers of {'_'.join(script.rebuilt)}"
        texts[next_name([*names, name] if wish else names, migrations.pattern, title, now)] = script.triggers
    for written, text in texts.items():
        if dry_run:
            print_data(text)
        else:
            _write(migrations, written, text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text: save it as UTF-8") from None


def _write(migrations: MigrationsFolder, name: str, text: str) -> None:
    if (path := migrations.path / name).exists():
        write_atomically(path, text, mode=0o644)
    else:
        migrations.create(name, text)
    say(f"wrote {migrations.name}/{name}")


def _wish(  # noqa: PLR0913, PLR0917 - one for each option
    file: str | None,
    table: str | None,
    not_null: Sequence[str],
    types: Sequence[str],
    drop_check: str | None,
    create: str,
    fill: Sequence[str],
) -> Wish | None:
    if (file is None) == (table is None):
        raise click.UsageError("give either FILE, a pending migration, or --table NAME with what to change")
    changes = bool(not_null or types or create or drop_check is not None)
    if file and (changes or fill):
        raise click.UsageError("FILE has the changes already: leave the other options out, or use --table without FILE")
    if table is None:
        return None
    if create and (not_null or types or drop_check is not None):
        raise click.UsageError("--create has the whole definition: leave --not-null, --type and --drop-check out")
    return Wish(table, not_null, _pairs(types, "--type"), drop_check, create, _pairs(fill, "--fill"))


def _pairs(values: Sequence[str], option: str) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for name, sign, value in pairs:
        if not (name and sign and value):
            raise click.UsageError(f"{option} takes COLUMN=VALUE, such as qty=INTEGER")
    if len({fold(name) for name, _, _ in pairs}) < len(pairs):
        raise click.UsageError(f"{option} names a column twice: give each column once")
    return {name: value for name, _, value in pairs}


def _report(result: Rebuild, folder: str, *, err: bool) -> None:
    script, rows = result.proof.script, result.proof.rows
    for table in script.rebuilt:
        say(f"  rebuilt    {table}: {format_rows(rows[table])}", err=err)
    for table in script.aside:
        say(f"  put back   {table}: {format_rows(rows[table])}", err=err)
    for kind, name in script.recreated:
        say(f"  recreated  {kind} {name}, which the rebuild would lose", err=err)
    for name in script.left_out:
        say(f"  left out   index {name}: its columns are gone", err=err)
    say("every table has the rows that it is meant to have", err=err)
    for table in result.unknown:
        say(f"warning: no file creates {table}, so the new file fails on a new database", err=True)
    if script.triggers:
        say(
            "warning: the triggers come in a file of their own; writes between the two files do not fire them", err=True
        )
    for line in format_findings((), result.findings, folder):
        say(f"warning: {line}" if not line.startswith(" ") else line, err=True)
