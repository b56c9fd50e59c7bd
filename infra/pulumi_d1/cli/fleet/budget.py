"""`d1 fleet budget`: the requests and minutes of a run."""

from __future__ import annotations

import math
from typing import Any

import click

from pulumi_d1.cli.fleet.options import folder_options, read_options
from pulumi_d1.cli.support.output import say
from pulumi_d1.fleet.budget import make_budget
from pulumi_d1.reports.fleet_text import budget_text
from pulumi_d1.reports.review_text import counted


@click.command()
@click.option(
    "--databases", metavar="N", type=click.IntRange(1), required=True, help="Number of databases, in all shards."
)
@folder_options
def budget(*, databases: int, **values: Any) -> None:
    r"""Print the requests and minutes of a run.

    Sends no request: computes the figures from the migrations and the number of databases.

    \b
    Examples:
      d1 fleet budget --databases 1000
      d1 fleet budget --databases 50000 --shard 1/16
      d1 fleet budget --databases 50000 --shard 1/16 --token-per-shard
    """
    options = read_options(**values, needs_account=False)
    in_shard = math.ceil(databases / options.shard.of)
    costs = make_budget(options.own, options.rate, in_shard, databases)
    say(f"{counted(in_shard, 'database')}, {counted(costs.listing, 'request')} to find them")
    say(budget_text(costs))
