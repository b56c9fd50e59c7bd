"""`d1 fleet`: one folder of migrations over many databases, which no stack owns."""

from __future__ import annotations

import click

from pulumi_d1.cli.fleet_budget import budget
from pulumi_d1.cli.fleet_plan import plan
from pulumi_d1.cli.fleet_up import up

__all__ = ["fleet"]


@click.group(short_help="Migrate many databases that are alike.")
def fleet() -> None:
    r"""Migrate many databases that are alike, such as one for each tenant.

    They are found by their names and belong to no stack: their ledgers tell what is applied, and nothing of them is in
    Pulumi's state. Each is reviewed, bookmarked, migrated and verified as 'pulumi up' does it.

    \b
    Examples:
      d1 fleet plan --match 'shop-tenant-*'
      d1 fleet up --match 'shop-tenant-*'
      d1 fleet up --match 'shop-tenant-*' --shard 3/16 --yes     one of 16 jobs
    """


for command in (up, plan, budget):
    fleet.add_command(command)
