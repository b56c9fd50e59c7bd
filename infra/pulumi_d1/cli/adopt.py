"""`d1 adopt`: makes a database that exists already the one of a stack."""

from __future__ import annotations

from functools import partial

import click

from pulumi_d1.cli.support.options import stack_option


@click.command(short_help="Let 'pulumi up' take over a database that exists.")
@stack_option("The environment that is to have the database.")
def adopt(*, stack: str) -> None:
    r"""Let the next 'pulumi up' take over the database of the stack's name, instead of creating one.

    Finds it by its name, [project]-db-[stack], and sets the key adopt in Pulumi.STACK.yaml. Nothing else is written.
    The key may stay there, or go after that run.

    \b
    Examples:
      d1 adopt --stack prod
      d1 adopt --stack prod && d1 baseline --stack prod && pulumi preview --stack prod
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.stack_state import configure, database_id
    from pulumi_d1.cloudflare.account import connect_account
    from pulumi_d1.cloudflare.retry import Retry
    from pulumi_d1.errors import ConfigError, NotFound
    from pulumi_d1.protection.adoption import refuse_misfit

    settings = project.settings(project.root(), stack)
    if owned := database_id(stack):
        raise ConfigError(f"stack '{stack}' has its database already: {owned}")
    try:
        retry = Retry(partial(click.echo, err=True))
        found = connect_account(settings.account_id, retry=retry).describe(settings.database_name)
    except NotFound as error:
        raise NotFound(
            f"there is no database {settings.database_name} in account {settings.account_id} to adopt: {error}; "
            f"'pulumi up --stack {stack}' creates it"
        ) from None
    refuse_misfit(found, settings)
    configure(stack, "adopt", found.id)
    click.echo(
        f"{found.name} is {found.id}; Pulumi.{stack}.yaml says that stack '{stack}' adopts it. Next:\n"
        f"  d1 baseline --stack {stack}      where its tables are older than its ledger\n"
        f"  pulumi preview --stack {stack}   says 'import' for the database\n"
        f"  pulumi up --stack {stack}"
    )
