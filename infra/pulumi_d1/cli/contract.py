"""`d1 contract`: files that wait until the previous code is gone."""

from __future__ import annotations

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import complete_migrations, stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.stack_state import configure
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.quarantine import FileText, join_texts, read_texts


@click.group()
def contract() -> None:
    r"""Release files that wait until the previous code is gone.

    A file with the comment '-- d1:contract REASON' drops or tightens what the previous version of the Worker uses. It
    waits, and so do the files behind it, until it is released for a stack. On a database without applied files, and in
    ephemeral stacks, it runs at once.

    \b
    Examples:
      d1 contract release 0005_drop_name.sql --stack prod
    """


@contract.command()
@click.argument("file", shell_complete=complete_migrations)
@stack_option("Stack whose code no longer needs what the file drops.")
def release(*, file: str, stack: str) -> None:
    r"""Let a contract file be applied.

    Adds the file and the digest of its text to the key 'contracts' of the stack. If the text changes later, the file
    waits again.

    \b
    Examples:
      d1 contract release 0005_drop_name.sql --stack prod
    """
    folder = project.root()
    settings = project.settings(folder, stack, needs_account=False)
    migrations = migrations_folder(settings.migrations_dir, settings.migrations_pattern, folder)
    name = migrations.name_of(file)
    contracts = {item.name: item for item in migrations.read() if item.is_contract}
    if name not in contracts:
        raise ConfigError(f"{name} is not a contract file. Contract files: {', '.join(contracts) or 'none'}")
    new = FileText.of(name, contracts[name].sha256)
    released = read_texts(settings.contracts)
    if new not in released:
        configure(stack, "contracts", join_texts((*(item for item in released if item.name != name), new)))
    say(f"released {name}: 'pulumi up --stack {stack}' applies it")
