"""Options of several commands, and what a shell offers for their values; that asks neither pulumi nor Cloudflare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def stack_option(meaning: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """`--stack`, of a command that works on one.

    Args:
        meaning: what the stack is to the command.
    """
    return click.option("--stack", default="dev", show_default=True, shell_complete=stacks, help=meaning)


def stacks(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Names of the stacks that have a file of their own."""
    from pulumi_d1.cli.support import project
    from pulumi_d1.errors import ConfigError

    try:
        files = project.root().glob("Pulumi.*.yaml")
    except ConfigError:
        return []  # no project here: nothing to offer, and no place for a message
    return _starting(incomplete, (file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files))


def migrations(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Names of the migrations, as the ledger has them."""
    from pulumi_d1.cli.support import project
    from pulumi_d1.errors import ConfigError
    from pulumi_d1.migrations.folder import read_folder
    from pulumi_d1.migrations.pattern import make_pattern

    try:
        folder = project.root()
        found = project.settings(folder, context.params.get("stack") or "dev", needs_account=False)
        pattern = make_pattern(found.migrations_dir, found.migrations_pattern)
        return _starting(incomplete, (file.name for file in read_folder(folder / found.migrations_dir, pattern)))
    except ConfigError:
        return []  # as above


def quarantined(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Names of the files that a restore took back."""
    from pulumi_d1.cli.support import project
    from pulumi_d1.errors import ConfigError

    try:
        found = project.settings(project.root(), context.params.get("stack") or "dev", needs_account=False)
    except ConfigError:
        return []  # as above
    return _starting(incomplete, (file.name for file in found.quarantined.files))


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})
