"""`d1 fleet`: the group of its commands."""

from __future__ import annotations

from typing import Any

import click

from pulumi_d1.cli.fleet.members import create, delete, restore
from pulumi_d1.cli.fleet.plan import budget, plan
from pulumi_d1.cli.fleet.runs import approve, cancel, history, status
from pulumi_d1.cli.fleet.up import retry, up, worker
from pulumi_d1.errors import ConfigError


class _Fleet(click.Group):
    """A group whose commands report in one line what the database of the runs refuses."""

    def invoke(self, context: click.Context, /) -> Any:
        try:
            return super().invoke(context)
        except Exception as error:
            if not type(error).__module__.startswith("sqlalchemy."):  # the extra may be missing
                raise
            reason = str(getattr(error, "orig", error)).partition("\n")[0]
            raise ConfigError(f"the database of the runs cannot be used: {reason}") from None


@click.group(cls=_Fleet)
def fleet() -> None:
    r"""Migrate many databases with the same migrations.

    For example, one database per tenant. They belong to no stack: their ledgers record what is applied, and Pulumi's
    state does not contain them. Each is reviewed, bookmarked, migrated and verified as 'pulumi up' does it. A run
    survives any crash: it is kept in .d1/fleet.sqlite, or in PostgreSQL for many workers.

    \b
    Examples:
      d1 fleet plan --match 'shop-tenant-*'
      d1 fleet up --match 'shop-tenant-*'
      d1 fleet status
    """


for command in (plan, up, status, retry, approve, cancel, history, restore, create, delete, worker, budget):
    fleet.add_command(command)
