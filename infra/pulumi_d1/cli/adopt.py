"""`d1 adopt`: make an existing database the one of a stack."""

from __future__ import annotations

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.stack_state import configure, find_one, read_stack
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.errors import ConfigError, NotFound
from pulumi_d1.protection.adoption import refuse_misfit


@click.command()
@stack_option("Stack that adopts the database.")
def adopt(*, stack: str) -> None:
    r"""Let 'pulumi up' adopt an existing database.

    Finds the database by its name, [project]-db-[stack], and sets the key adopt in Pulumi.STACK.yaml. Writes nothing
    else. After the next 'pulumi up' the key does nothing; keep or remove it.

    \b
    Examples:
      d1 adopt --stack prod
      d1 adopt --stack prod && d1 baseline --stack prod
    """
    settings = project.settings(project.root(), stack)
    if existing := find_one(stack, read_stack(stack).databases):
        raise ConfigError(f"stack '{stack}' has a database already: {existing.id}")
    try:
        database = stack_account(settings).describe(settings.database_name)
    except NotFound as error:
        raise NotFound(
            f"there is no database {settings.database_name} in account {settings.account_id} to adopt: {error}; "
            f"'pulumi up --stack {stack}' creates it"
        ) from None
    refuse_misfit(database, settings)
    configure(stack, "adopt", database.id)
    say(
        f"set adopt to {database.id} ({database.name}) in Pulumi.{stack}.yaml. Next:\n"
        f"  d1 baseline --stack {stack}      if the database has tables but no ledger\n"
        f"  pulumi preview --stack {stack}   shows 'import' for the database\n"
        f"  pulumi up --stack {stack}"
    )
