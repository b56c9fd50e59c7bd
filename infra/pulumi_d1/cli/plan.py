"""`d1 plan`: what `pulumi up` would do to a database, without Pulumi."""

from __future__ import annotations

import click

from pulumi_d1.cli.support.options import stack_option


@click.command(short_help="Show what is pending, and what is wrong with it.")
@stack_option("The environment whose database to look at.")
@click.option("--offline", is_flag=True, help="Ask no database: run the whole folder from nothing. Exits with 0 or 1.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def plan(context: click.Context, *, stack: str, offline: bool, as_json: bool) -> None:
    r"""Show what is pending, what it makes of the schema, and what is wrong with it.

    The same report as in `pulumi preview`, but for edited files: how they were when they were applied, Pulumi's state
    alone knows. Nothing is written.

    \b
    Exit code: 0 nothing to do, 2 files are pending, 1 something stops them.

    \b
    Examples:
      d1 plan --stack prod
      d1 plan --offline          in an editor, or before a commit
      d1 plan --json | jq .errors
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.stack_review import reviewed
    from pulumi_d1.reports.review_json import review_json
    from pulumi_d1.reports.review_text import format_review, summary

    found = reviewed(project.root(), stack, {}, offline=offline)
    if found.hint:
        click.echo(f"warning: {found.hint}", err=True)
    done, name, folder, policy = found.review, found.settings.database_name, found.settings.migrations_dir, found.policy
    if as_json:
        click.echo(review_json(done, name, folder, policy))
    else:
        text = format_review(done, name, folder, policy)
        click.echo("\n".join(line for line in (text, summary(done, name, policy)) if line))
    context.exit(found.code)
