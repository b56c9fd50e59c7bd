"""`d1 schema`: the schema that the migrations create, as SQL, as types or as a diagram. Needs no database."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.rehearsal.folder_schema import schema_after
from pulumi_d1.reports.document_file import block_difference, write_block
from pulumi_d1.reports.schema_diagram import schema_diagram
from pulumi_d1.reports.schema_sql import schema_sql
from pulumi_d1.reports.schema_typescript import schema_typescript
from pulumi_d1.sqlite import schema as schemas
from pulumi_d1.system.files import prefix_errors, write_atomically

if TYPE_CHECKING:
    from pulumi_d1.sqlite.schema import Schema

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_WRITTEN_BY: Final = "Written by 'd1 schema"


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of the schema.

    Attributes:
        options: The options that choose it.
        language: The language's name in Markdown.
        comment: The start of a comment in it.
    """

    options: str
    language: str
    comment: str

    @property
    def command(self) -> str:
        """The command that prints the schema in this form."""
        return f"d1 schema{self.options}"


_SQL: Final = _Form("", "sql", "--")
_TYPESCRIPT: Final = _Form(" --types typescript", "typescript", "//")
_DIAGRAM: Final = _Form(" --diagram", "mermaid", "%%")


@click.command()
@stack_option("Stack whose migrations to read.")
@click.option("--types", type=click.Choice(["typescript"]), help="Print the types of rows instead of SQL.")
@click.option("--diagram", is_flag=True, help="Print a Mermaid diagram of tables and foreign keys instead of SQL.")
@click.option("--write", type=_FILE, metavar="FILE", help="Write the text into a file.")
@click.option("--check", type=_FILE, metavar="FILE", help="Write nothing. Exit with 1 if the file differs.")
def schema(*, stack: str, types: str | None, diagram: bool, write: Path | None, check: Path | None) -> None:
    r"""Print the schema that the migrations create.

    Runs all files on an empty database of this process, by D1's rules, and needs no access to Cloudflare. Objects are
    sorted by name, so that a file in git shows what each migration changes.

    In a Markdown FILE, the text stands between the lines '<!-- d1 schema -->' and '<!-- /d1 schema -->', which contain
    the options, too. Any other FILE has nothing but the text, and --write overwrites only a file that it has written.

    \b
    Examples:
      d1 schema
      d1 schema --write schema.sql
      d1 schema --check schema.sql                              in CI
      d1 schema --types typescript --write src/database.ts
      d1 schema --diagram --write docs/database.md
    """
    if types and diagram:
        raise click.UsageError("--types and --diagram exclude one another: use one of them")
    if write and check:
        raise click.UsageError("--write and --check exclude one another: use one of them")
    folder = project.root()
    settings = project.settings(folder, stack, needs_account=False)
    migrations = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder)
    with waiting("running the files on an empty database"):
        after = schema_after(migrations.read(), migrations.name, settings.migrations_table)
    form = _TYPESCRIPT if types else _DIAGRAM if diagram else _SQL
    text = f"{form.comment} The schema after all migrations. {_WRITTEN_BY}{form.options}'.\n\n{_text(after, form)}"
    if path := write or check:
        if path.resolve().is_relative_to(migrations.path.resolve()):
            raise ConfigError(
                f"{path}: is in the migrations folder and would run as a migration: choose another folder"
            )
        _write(path, text, form) if write else _check(path, text, form)
    else:
        print_data(text)


def _text(after: Schema, form: _Form) -> str:
    connection = schemas.build(after.objects.values())
    if form is _TYPESCRIPT:
        return schema_typescript(after, schemas.view_columns(connection))
    return schema_diagram(after, schemas.foreign_keys(connection, {})) if form is _DIAGRAM else schema_sql(after)


def _write(path: Path, text: str, form: _Form) -> None:
    """Write the text into a file of its own, or into its block of a Markdown file.

    Raises:
        ConfigError: The file cannot be written, or is another one.
    """
    if path.suffix == ".md":
        changed = write_block(path, form.command, _fenced(text, form))
    else:
        with prefix_errors(path):
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            if old and _WRITTEN_BY not in old.partition("\n")[0]:
                raise ConfigError(f"'{form.command}' has not written this file: nothing was written; choose another")
            changed = old != text
            if changed:
                write_atomically(path, text, mode=0o644)
    say(f"{path}: {'written' if changed else 'up to date'}")


def _check(path: Path, text: str, form: _Form) -> None:
    """Compare the file with the text.

    Raises:
        ConfigError: They differ, or the file cannot be read.
    """
    if path.suffix == ".md":
        lines = block_difference(path, form.command, lambda _text: _fenced(text, form))
    else:
        with prefix_errors(path):
            old = path.read_text(encoding="utf-8").splitlines()
        lines = list(unified_diff(old, text.splitlines(), str(path), "expected", lineterm=""))
    if lines:
        say("\n".join(lines))
        raise ConfigError(f"{path}: is not up to date: run '{form.command} --write {path}'")


def _fenced(text: str, form: _Form) -> str:
    return f"```{form.language}\n{text}```\n"
