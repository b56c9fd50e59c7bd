"""`d1 fleet plan` and `d1 fleet budget`: what a run would do and cost."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from pulumi_d1.cli.fleet.options import CONCURRENCY, JSON, folder_options, read_fleet, run_options
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.fleet.budget import listing_requests, make_budget
from pulumi_d1.fleet.reviews import review_members
from pulumi_d1.reports.fleet_text import budget_text, survey_json, survey_text
from pulumi_d1.reports.review_text import counted


@click.command()
@run_options
@CONCURRENCY
@JSON
@click.pass_context
def plan(context: click.Context, /, *, as_json: bool, concurrency: int, **values: Any) -> None:
    r"""Show what 'd1 fleet up' would do.

    Groups the databases to which it would do the same. Each database costs one request, or two if rows are counted.

    Exit code: 0 nothing to do, 2 files are pending, 1 there are errors.

    \b
    Examples:
      d1 fleet plan --match 'tenant-*'
      d1 fleet plan --match 'tenant-*' --json | jq '.[] | select(.errors != [])'
    """
    fleet = read_fleet(**values)
    _, selected = fleet.select()
    surveyed = []
    with waiting("reading databases", len(selected)) as advance:
        for item in review_members(selected, fleet.worker.account, fleet.worker.reviews, concurrency):
            surveyed.append(item)
            advance()
    folder, policy = fleet.own.folder, fleet.own.options.policy
    if as_json:
        print_data(json.dumps([survey_json(item, folder, policy) for item in surveyed], indent=2))
    else:
        say(survey_text(surveyed, folder, policy))
    if any(item.review is None or any(item.review.errors(policy)) for item in surveyed):
        context.exit(ExitCode.FAILED)
    pending = any(item.review and item.review.plan.pending for item in surveyed)
    context.exit(ExitCode.PENDING if pending else ExitCode.OK)


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
    """
    fleet = read_fleet(**values, needs_account=False)
    in_shard = math.ceil(databases / fleet.shard.of)
    say(f"{counted(in_shard, 'database')}, {counted(listing_requests(databases), 'request')} to find them")
    say(budget_text(str(fleet.rate), make_budget(fleet.own, fleet.rate, in_shard, databases)))
