"""`d1 ephemeral`: an environment for a pull request, up and down."""

from __future__ import annotations

import click

from pulumi_d1.cli.ephemeral_down import down
from pulumi_d1.cli.ephemeral_list import listing
from pulumi_d1.cli.ephemeral_up import up

__all__ = ["ephemeral"]


@click.group(short_help="Environments of pull requests: up, down, list.")
def ephemeral() -> None:
    r"""Environments that come and go, such as those of pull requests.

    A number is the stack pr-NUMBER, which is ephemeral by its name. Any other stack is by the key ttl; never dev, prod,
    a protected one, or one whose Pulumi.STACK.yaml is committed. 'd1 sweep' takes away what is left over.

    \b
    Examples:
      d1 ephemeral up 12
      d1 ephemeral list
      d1 ephemeral down 12
    """


for command in (up, down, listing):
    ephemeral.add_command(command)
