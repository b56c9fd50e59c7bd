"""Options of several commands, and the shell completion of their values, which needs neither pulumi nor Cloudflare."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import click

from pulumi_d1.cli.support import project
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder

if TYPE_CHECKING:
    from pulumi_d1.settings import Settings

_Complete: TypeAlias = Callable[[click.Context, click.Parameter, str], list[str]]


def stack_option(help_text: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Return the option `--stack` of a command that works on one stack."""
    return click.option("--stack", default="dev", show_default=True, shell_complete=complete_stacks, help=help_text)


def command_line(command: str, options: Mapping[str, object]) -> str:
    """Return a command with those of its options that have a value, by name, to paste into a shell."""
    given = (f" --{name} {shlex.quote(str(value))}" for name, value in options.items() if value)
    return command + "".join(given)


def _completion(names: Callable[[click.Context], Iterable[str]]) -> _Complete:
    """Return a completion that offers the names; none if the project cannot be read."""

    def complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        try:
            return sorted({name for name in names(context) if name.startswith(incomplete)})
        except ConfigError:
            return []

    return complete


@_completion
def complete_stacks(_context: click.Context) -> Iterable[str]:
    """Return the stacks that have a file of their own."""
    return project.configured_stacks(project.root())


@_completion
def complete_migrations(context: click.Context) -> Iterable[str]:
    """Return the names of the migrations."""
    folder = project.root()
    settings = project.settings(folder, _stack(context), needs_account=False)
    files = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder).read()
    return (file.name for file in files)


@_completion
def complete_quarantined(context: click.Context) -> Iterable[str]:
    """Return the names of the quarantined files."""
    settings = project.settings(project.root(), _stack(context), needs_account=False)
    return (file.name for file in settings.quarantined.files)


through_option = click.option(
    "--through",
    metavar="FILE",
    shell_complete=complete_migrations,
    help="Last file to apply.  [default: through, or the last file]",
)


def with_through(settings: Settings, through: str | None) -> Settings:
    """Return the settings with the option `--through` in place of the key; unchanged without it."""
    return settings if through is None else settings.model_copy(update={"through": through})


def _stack(context: click.Context) -> str:
    return context.params.get("stack") or "dev"
