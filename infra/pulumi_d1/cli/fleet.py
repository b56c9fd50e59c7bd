"""`d1 fleet`: the group of its commands."""

from __future__ import annotations

import click

from pulumi_d1.cli.fleet_budget import budget
from pulumi_d1.cli.fleet_plan import plan
from pulumi_d1.cli.fleet_up import up

__all__ = ["fleet"]


@click.group()
def fleet() -> None:
    r"""Migrate many databases with the same migrations.

    For example, one database per tenant. They are found by name and belong to no stack: their ledgers record what is
    applied, and Pulumi's state does not contain them. Each is reviewed, bookmarked, migrated and verified as 'pulumi
    up' does it.

    \b
    Examples:
      d1 fleet plan --match 'shop-tenant-*'
      d1 fleet up --match 'shop-tenant-*'
      d1 fleet up --match 'shop-tenant-*' --shard 3/16 --yes     one of 16 jobs
    """


for command in (up, plan, budget):
    fleet.add_command(command)
