"""`d1 release`: remove a file from a stack's quarantine."""

from __future__ import annotations

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import complete_quarantined, stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.stack_state import configure
from pulumi_d1.errors import ConfigError


@click.command()
@click.argument("file", shell_complete=complete_quarantined)
@stack_option("Stack that refuses the file.")
def release(*, file: str, stack: str) -> None:
    r"""Let a file be applied again after a restore.

    FILE is the name that 'd1 history' shows. A file whose text has changed needs no release.

    \b
    Examples:
      d1 release 0004_tags.sql
      d1 release 0004_tags.sql --stack prod
    """
    quarantine = project.settings(project.root(), stack, needs_account=False).quarantined
    reduced = quarantine.without(file)
    if reduced == quarantine:
        names = ", ".join(dict.fromkeys(item.name for item in quarantine.files)) or "nothing"
        raise ConfigError(f"{file} is not quarantined on stack {stack}. Quarantined: {names}")
    configure(stack, "quarantine", str(reduced))
    say(f"released {file}: 'pulumi up --stack {stack}' may apply it again")
