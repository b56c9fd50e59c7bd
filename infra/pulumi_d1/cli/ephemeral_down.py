"""`d1 ephemeral down`: delete an environment."""

from __future__ import annotations

from contextlib import chdir

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.stack_inventory import StackReader
from pulumi_d1.cli.support.takedown import take_down
from pulumi_d1.ephemeral.names import parse_stack_name


@click.command()
@click.argument("name", metavar="NUMBER|STACK")
def down(name: str) -> None:
    r"""Delete an environment.

    Deletes its database, stack and wrangler entry with 'pulumi destroy' and 'pulumi stack rm', and what a killed run
    left behind. Safe to repeat: if nothing exists, it does nothing and exits with 0.

    Exit code: 0, 75 if another run has locked the stack, 1 for any other failure.

    \b
    Examples:
      d1 ephemeral down 12
      d1 ephemeral down demo
    """
    stack, folder = parse_stack_name(name), project.root()
    with chdir(folder):
        reader = StackReader(folder)
        existed = take_down(reader, stack, reader.read_all())
    say(f"{stack} is deleted" if existed else f"there is no {stack}: nothing to do")
