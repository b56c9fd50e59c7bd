"""`d1 release`: takes a file out of a stack's quarantine."""

from __future__ import annotations

import click

from pulumi_d1.cli.support.options import quarantined, stack_option


@click.command()
@click.argument("file", shell_complete=quarantined)
@stack_option("The environment that refuses the file.")
def release(*, file: str, stack: str) -> None:
    r"""Let a file be applied again that a restore took back.

    FILE is its name as 'd1 history' shows it. A file whose text was changed needs no release.

    \b
    Examples:
      d1 release 0004_tags.sql
      d1 release 0004_tags.sql --stack prod
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.stack_state import configure
    from pulumi_d1.errors import ConfigError

    quarantine = project.settings(project.root(), stack, needs_account=False).quarantined
    left = quarantine.without(file)
    if left == quarantine:
        names = ", ".join(dict.fromkeys(held.name for held in quarantine.files)) or "nothing"
        raise ConfigError(f"{file} is not quarantined on stack {stack}; what is: {names}")
    configure(stack, "quarantine", str(left))
    click.echo(f"released {file}: 'pulumi up --stack {stack}' may apply it again")
