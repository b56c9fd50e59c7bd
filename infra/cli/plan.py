"""`d1 plan`: what `pulumi up` would do to a database, without Pulumi."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.migrations.folder import Migration
    from infra.migrations.review.review import Review
    from infra.settings import Settings

NOTHING, PROBLEM, PENDING = 0, 1, 2
"""Exit codes."""


@click.command()
@click.option("--stack", default="dev", show_default=True, help="The environment whose database to look at.")
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
    from infra.cli import project
    from infra.migrations.folder import layout_hint, read_folder
    from infra.migrations.pattern import make_pattern
    from infra.migrations.plan import policy_from
    from infra.render.report import report, summary
    from infra.render.report_json import report_json

    folder = project.root()
    settings = project.settings(folder, stack, needs_account=not offline)
    pattern = make_pattern(settings.migrations_dir, settings.migrations_pattern)
    files = read_folder(folder / settings.migrations_dir, pattern)
    if hint := layout_hint(folder / settings.migrations_dir, pattern, settings.migrations_dir):
        click.echo(f"warning: {hint}", err=True)
    done = _review(settings, files, offline=offline)
    name, policy = settings.database_name, policy_from(settings.policy)
    if as_json:
        click.echo(report_json(done, name, settings.migrations_dir, policy))
    else:
        text = report(done, name, settings.migrations_dir, policy)
        click.echo("\n".join(line for line in (text, summary(done, name, policy)) if line))
    problem = any(done.errors(policy))
    context.exit(PROBLEM if problem else PENDING if done.plan.pending and not offline else NOTHING)


def _review(settings: Settings, files: Sequence[Migration], *, offline: bool) -> Review:
    from functools import partial

    from infra.cloudflare.account import connect_account
    from infra.errors import NotFound
    from infra.migrations import live
    from infra.migrations.review.review import look, review
    from infra.retry import Retry

    table, quarantine = settings.migrations_table, settings.quarantined
    if offline:
        return review(files, live.NEW, table, {}, lambda _: None)
    retry = Retry(partial(click.echo, err=True))
    try:
        database = connect_account(settings.account_id, retry=retry).find(settings.database_name)
        return look(database, files, table, {}, quarantine)
    except NotFound:
        return review(files, live.NEW, table, {}, lambda _: {}, quarantine=quarantine)
