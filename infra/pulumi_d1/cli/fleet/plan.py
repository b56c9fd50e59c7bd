"""`d1 fleet plan`: review every database, and write to none."""

from __future__ import annotations

import json
from typing import Any

import click

from pulumi_d1.cli.fleet.options import CONCURRENCY, JSON, open_fleet, run_options
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.fleet.reviews import review_members
from pulumi_d1.reports.fleet_text import survey_json, survey_text


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
    fleet = open_fleet(**values)
    _, selected = fleet.select()
    worker, surveyed = fleet.worker, []
    with waiting("reading databases", len(selected)) as advance:
        for item in review_members(selected, worker.account, worker.reviews, concurrency):
            surveyed.append(item)
            advance()
    folder, policy = fleet.options.own.folder, fleet.options.own.options.policy
    if as_json:
        print_data(json.dumps([survey_json(item, folder, policy) for item in surveyed], indent=2))
    else:
        say(survey_text(surveyed, folder, policy))
    if any(item.review is None or any(item.review.errors(policy)) for item in surveyed):
        context.exit(ExitCode.FAILED)
    pending = any(item.review and item.review.plan.pending for item in surveyed)
    context.exit(ExitCode.PENDING if pending else ExitCode.OK)
