"""`d1 fleet budget`: what a run over so many databases costs, without asking anybody."""

from __future__ import annotations

import math
from typing import Any

import click

from pulumi_d1.cli.support.fleet_options import of_arithmetic


@click.command(short_help="Print the requests and minutes of a run.")
@click.option("--databases", type=click.IntRange(1), required=True, help="How many there are, in all shards.")
@of_arithmetic
def budget(*, databases: int, **given: Any) -> None:
    r"""Print how many requests a run sends, and how long Cloudflare's limit makes it.

    Nobody is asked: the figures are those of the folder, for as many databases as you say.

    \b
    Examples:
      d1 fleet budget --databases 1000
      d1 fleet budget --databases 50000 --shard 1/16
      d1 fleet budget --databases 50000 --shard 1/16 --token-per-shard
    """
    from pulumi_d1.cli.support.fleet_options import read_options
    from pulumi_d1.cloudflare.account import PAGE
    from pulumi_d1.fleet.budget import make_budget
    from pulumi_d1.reports.fleet_text import budget_text
    from pulumi_d1.reports.review_text import counted

    options = read_options(**given, needs_account=False)
    listing, mine = math.ceil(databases / PAGE), math.ceil(databases / options.shard.of)
    found = make_budget(options.files, options.terms, mine, listing=listing, rate=options.rate)
    click.echo(f"{counted(mine, 'database')}, {counted(listing, 'request')} to find them")
    click.echo(budget_text(found))
