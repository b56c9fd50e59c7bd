"""`d1 sweep`: what is left over of ephemeral environments, found and taken away."""

from __future__ import annotations

import json
from contextlib import chdir
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.ephemeral.inventory import DatabaseRef, Inventory
    from pulumi_d1.ephemeral.leftovers import Leftover
    from pulumi_d1.settings import Settings

FAILED = 1
"""Exit code where something could not be taken away."""


@click.command(short_help="Take away what pull requests left over.")
@click.option("--open", "numbers", type=int, multiple=True, metavar="N", help="An open pull request; may be repeated.")
@click.option(
    "--open-from",
    "file",
    type=click.File(),
    metavar="FILE",
    help="All open pull requests: a number in each line, or the JSON of gh. '-' is stdin.",
)
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    metavar="MINUTES",
    help="For how long a database without a stack is left alone: a run may be creating it.",
)
@click.option("--yes", is_flag=True, help="Take it away. Otherwise it is only shown.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_context
def sweep(  # noqa: PLR0913 - click's signature: an argument for each option
    context: click.Context, *, numbers: Sequence[int], file: TextIO | None, grace: int, yes: bool, as_json: bool
) -> None:
    r"""Find what ephemeral environments left over, and take it away with --yes.

    Left over are: stacks whose pull request is not open, whose time is up or whose database is gone; databases of
    pull requests without a stack, once they are old enough; entries of the wrangler configuration for such databases.
    Where nobody says which pull requests are open, only time counts.

    Never taken: dev, prod, a protected stack, one without a ttl or with its Pulumi.STACK.yaml in git, a database that
    another stack owns or that is not called [project]-db-pr-N.

    \b
    Exit code: 0, or 1 where something could not be taken away; the rest is.

    \b
    Examples:
      d1 sweep
      gh pr list --limit 1000 --json number | d1 sweep --open-from - --yes
      d1 sweep --open 12 --open 15 --json
    """
    from pulumi_d1.cli.support import project
    from pulumi_d1.cli.support.open_pull_requests import read_open
    from pulumi_d1.cli.support.stack_inventory import connect, read_inventory, shared_settings
    from pulumi_d1.ephemeral.leftovers import find_leftovers

    opened, folder = read_open(numbers, file), project.root()
    with chdir(folder):
        settings = shared_settings(folder)
        account = connect(settings)
        inventory = read_inventory(folder, settings, account)
        task = _Task(folder, settings, account, opened, timedelta(minutes=grace))
        found = find_leftovers(inventory, opened, datetime.now(UTC), task.grace)
        results = [(leftover, task.tried(leftover, inventory) if yes else "left over") for leftover in found]
    _print(results, len(inventory.stacks), as_json=as_json)
    if found and not yes:
        click.echo("nothing was done: --yes takes it away", err=True)
    context.exit(FAILED if any(result.startswith("failed") for _, result in results) else 0)


@dataclass(frozen=True, slots=True)
class _Task:
    """One sweep.

    Attributes:
        folder: of Pulumi.yaml.
        settings: of a stack of a pull request.
        account: of the databases.
        opened: open pull requests; None where nobody said.
        grace: how old a database without a stack has to be.
    """

    folder: Path
    settings: Settings
    account: Account
    opened: frozenset[int] | None
    grace: timedelta

    def tried(self, leftover: Leftover, inventory: Inventory) -> str:
        """Takes one away, if it is still left over, and tells what became of it."""
        from pulumi_d1.errors import D1Error

        click.echo(f"{leftover.kind} {leftover.name}: {leftover.reason}", err=True)
        try:
            return "gone" if self._take(leftover, inventory) else "kept: it changed meanwhile"
        except D1Error as error:
            click.echo(f"{leftover.kind} {leftover.name}: {error}", err=True)
            return f"failed: {str(error).splitlines()[0]}"
        except OSError as error:
            click.echo(f"{leftover.kind} {leftover.name}: {error}", err=True)
            return f"failed: {error.strerror or error}"

    def _take(self, leftover: Leftover, inventory: Inventory) -> bool:
        from pulumi_d1.cli.support import project
        from pulumi_d1.cli.support.stack_inventory import read_stacks
        from pulumi_d1.cli.support.takedown import described, remove_database, remove_entry, take_down
        from pulumi_d1.ephemeral.inventory import DatabaseRef, StackSummary
        from pulumi_d1.ephemeral.leftovers import reason_to_delete_database, reason_to_delete_stack
        from pulumi_d1.ephemeral.names import pull_request_of_database

        now = replace(inventory, stacks=read_stacks(self.folder))
        if isinstance(leftover.item, StackSummary):
            found = next((one for one in now.stacks if one.name == leftover.item.name), None)
            if found is None:
                return False
            now = replace(now, databases=tuple(filter(self._exists, found.databases)))
            if not reason_to_delete_stack(found, now, self.opened, datetime.now(UTC)):
                return False
            return take_down(self.folder, found.name, quiet=True)
        if isinstance(leftover.item, DatabaseRef):
            database = described(self.account, leftover.item.id)
            if database is None or not reason_to_delete_database(
                database, now, self.opened, datetime.now(UTC), self.grace
            ):
                return False
            stack = f"pr-{pull_request_of_database(database.name, inventory.project)}"
            remove_database(self.account, database, project.settings(self.folder, stack))
            return True
        return remove_entry(self.folder, leftover.item, self.account)

    def _exists(self, database: DatabaseRef) -> bool:
        from pulumi_d1.cli.support.takedown import described

        return database.account_id == self.account.id and described(self.account, database.id) is not None


def _print(results: Sequence[tuple[Leftover, str]], stacks: int, *, as_json: bool) -> None:
    from pulumi_d1.cli.support.table import print_table

    if as_json:
        rows = [
            {
                "kind": leftover.kind,
                "name": leftover.name,
                "reason": leftover.reason,
                "since": leftover.since.isoformat(timespec="seconds") if leftover.since else None,
                "result": result,
            }
            for leftover, result in results
        ]
        click.echo(json.dumps(rows, indent=2))
    elif results:
        headings = ("What", "Name", "Why", "Age", "Result")
        now = datetime.now(UTC)
        print_table(
            headings,
            (
                [leftover.kind, leftover.name, leftover.reason, _age(now, leftover.since), result]
                for leftover, result in results
            ),
        )
    else:
        click.echo(f"nothing is left over of {stacks} {'stack' if stacks == 1 else 'stacks'}")


def _age(now: datetime, since: datetime | None) -> str:
    if since is None:
        return "-"
    hours = int((now - since).total_seconds()) // 3600
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h"  # noqa: PLR2004 - days are clearer from two on
