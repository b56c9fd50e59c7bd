"""`d1 ephemeral down`: takes an environment away."""

from __future__ import annotations

from contextlib import chdir

import click


@click.command(short_help="Take an environment away.")
@click.argument("name", metavar="NUMBER|STACK")
def down(name: str) -> None:
    r"""Take an environment away: its database, its stack, its entry in the wrangler configuration.

    Runs 'pulumi destroy' and 'pulumi stack rm'. What a killed run left behind goes too, so it may be run again after
    anything; where nothing is left it does nothing, and ends with 0.

    \b
    Exit code: 0, 75 where another run has the stack, 1 for any other failure.

    \b
    Examples:
      d1 ephemeral down 12
      d1 ephemeral down demo
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.takedown import take_down
    from pulumi_d1.ephemeral.names import parse_stack_name

    stack, folder = parse_stack_name(name), project.root()
    with chdir(folder):
        there_was = take_down(folder, stack)
    click.echo(f"{stack} is gone" if there_was else f"there is no {stack}: nothing to do")
