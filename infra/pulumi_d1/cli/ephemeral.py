"""`d1 ephemeral`: the group of its commands."""

from __future__ import annotations

import click

from pulumi_d1.cli.ephemeral_down import down
from pulumi_d1.cli.ephemeral_list import listing
from pulumi_d1.cli.ephemeral_up import up

__all__ = ["ephemeral"]


@click.group()
def ephemeral() -> None:
    r"""Create, list and delete environments of pull requests.

    A number stands for the stack pr-NUMBER, which is always ephemeral. Any other stack is ephemeral if it has the key
    ttl. Never ephemeral: dev, prod, a protected stack, and one whose Pulumi.STACK.yaml is committed. 'd1 sweep' deletes
    leftovers.

    \b
    Examples:
      d1 ephemeral up 12
      d1 ephemeral list
      d1 ephemeral down 12
    """


for command in (up, down, listing):
    ephemeral.add_command(command)
