"""`d1 fleet plan`: every database is looked at, and none is written to."""

from __future__ import annotations

import json
from typing import Any

import click

from pulumi_d1.cli.support.fleet_options import of_run
from pulumi_d1.cli.support.stack_review import NOTHING, PENDING, PROBLEM


@click.command()
@of_run
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def plan(context: click.Context, /, *, as_json: bool, match: str, concurrency: int, **given: Any) -> None:
    r"""Show what 'd1 fleet up' would do. Databases to which it would do the same are told of together.

    A database costs one request, or two where rows have to be counted.

    \b
    Exit code: 0 nothing to do, 2 files are pending, 1 something stops a database.

    \b
    Examples:
      d1 fleet plan --match 'shop-tenant-*'
      d1 fleet plan --match 'shop-tenant-*' --json | jq '.[] | select(.errors != [])'
    """
    from pulumi_d1.cli.support.fleet_options import find, read_options
    from pulumi_d1.fleet.journal import Past, opened
    from pulumi_d1.fleet.reviews import Reviews
    from pulumi_d1.fleet.survey import survey
    from pulumi_d1.reports.fleet_text import survey_json, survey_text

    options = read_options(**given)
    fleet = find(options, match)
    reviews = Reviews(options.files, options.settings.migrations_table)
    # A run that follows has to know what of the limit is used up.
    with opened(options.journals, options.journal_key("plan", match), Past(), lambda: fleet.pace.count) as notes:
        looks = list(survey(fleet.members, fleet.account, reviews, concurrency))
        notes.end(complete=True)
    folder, policy = options.folder, options.terms.options.policy
    if as_json:
        click.echo(json.dumps([survey_json(look, folder, policy) for look in looks], indent=2))
    else:
        click.echo(survey_text(looks, folder, policy))
    problem = any(look.review is None or any(look.review.errors(policy)) for look in looks)
    pending = any(look.review and look.review.plan.pending for look in looks)
    context.exit(PROBLEM if problem else PENDING if pending else NOTHING)
