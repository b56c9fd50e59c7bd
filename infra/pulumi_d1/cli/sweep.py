"""`d1 sweep`: find and delete what ended ephemeral environments left behind."""

from __future__ import annotations

import json
from contextlib import chdir
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TextIO

import click

from pulumi_d1.cli.support import project, takedown
from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.open_pull_requests import read_open_pull_requests
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_inventory import StackReader, read_inventory
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.cli.support.table import EMPTY, print_table
from pulumi_d1.ephemeral.inventory import DatabaseRef, StackSummary
from pulumi_d1.ephemeral.leftovers import find_leftovers, reason_to_delete_database, reason_to_delete_stack
from pulumi_d1.errors import D1Error
from pulumi_d1.wrangler.entry import WranglerEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.ephemeral.inventory import Inventory
    from pulumi_d1.ephemeral.leftovers import Leftover


@click.command()
@click.option("--open", "numbers", type=int, multiple=True, metavar="N", help="An open pull request; repeatable.")
@click.option(
    "--open-from",
    "file",
    type=click.File(),
    metavar="FILE",
    help="All open pull requests: one per line, or gh's JSON.",
)
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    metavar="MINUTES",
    help="Minimum age without a stack.",
)
@click.option("--yes", is_flag=True, help="Delete the leftovers. Without it they are only listed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_context
def sweep(  # noqa: PLR0913 - click's signature: an argument for each option
    context: click.Context, *, numbers: Sequence[int], file: TextIO | None, grace: int, yes: bool, as_json: bool
) -> None:
    r"""Find and delete leftovers of pull requests.

    Leftovers are: stacks whose pull request is not open, whose time is up or whose database is gone; databases of
    pull requests without a stack, once they are old enough (a run may be creating a younger one); wrangler entries of
    such databases. Without --open and --open-from, only time decides.

    Never deleted: dev, prod, a protected stack, one without a ttl or with its Pulumi.STACK.yaml in git, a database that
    another stack owns or that is not called [project]-db-pr-N.

    Exit code: 0, or 1 if something could not be deleted; the rest is.

    \b
    Examples:
      d1 sweep
      gh pr list --limit 1000 --json number | d1 sweep --open-from - --yes
      d1 sweep --open 12 --open 15 --json
    """
    open_pull_requests, folder = read_open_pull_requests(numbers, file), project.root()
    with chdir(folder):
        settings = project.settings(folder, "pr-0")  # a pull request's stack has no settings of its own
        reader, account = StackReader(folder), stack_account(settings)
        inventory = read_inventory(reader, settings, account)
        run = _Sweep(reader, account, inventory, open_pull_requests, timedelta(minutes=grace))
        leftovers = find_leftovers(inventory, open_pull_requests, datetime.now(UTC), run.grace)
        results = [(item, run.delete(item) if yes else "leftover") for item in leftovers]
    _print(results, len(inventory.stacks), as_json=as_json)
    if leftovers and not yes:
        say("nothing was deleted: add --yes to delete these", err=True)
    failed = any(result.startswith("failed") for _, result in results)
    context.exit(ExitCode.FAILED if failed else ExitCode.OK)


@dataclass(frozen=True, slots=True)
class _Sweep:
    """One sweep.

    Attributes:
        open_pull_requests: Numbers of the open pull requests; None if unknown.
        grace: Minimum age of a database without a stack.
    """

    reader: StackReader
    account: Account
    inventory: Inventory
    open_pull_requests: frozenset[int] | None
    grace: timedelta

    def delete(self, leftover: Leftover) -> str:
        """Delete one leftover if it still is one, and return the result in words."""
        title = f"{leftover.kind} {leftover.name}"
        say(f"{title}: {leftover.reason}", err=True)
        try:
            return "deleted" if self._delete(leftover.item) else "kept: it has changed"
        except D1Error as error:
            say(f"{title}: {error}", err=True)
            return f"failed: {str(error).splitlines()[0]}"
        except OSError as error:
            say(f"{title}: {error}", err=True)
            return f"failed: {error.strerror or error}"

    def _delete(self, item: StackSummary | DatabaseRef | WranglerEntry) -> bool:
        match item:
            case StackSummary():
                return self._delete_stack(item.name)
            case DatabaseRef():
                return self._delete_database(item.id)
            case WranglerEntry():
                return takedown.remove_entry(self.reader, item, self.account)

    def _delete_stack(self, name: str) -> bool:
        stacks = self.reader.read_all(again=name)
        stack = next((stack for stack in stacks if stack.name == name), None)
        if stack is None:
            return False
        existing = tuple(filter(self._exists, stack.databases))
        now = replace(self.inventory, stacks=stacks, databases=existing)
        if not reason_to_delete_stack(stack, now, self.open_pull_requests, datetime.now(UTC)):
            return False
        return takedown.take_down(self.reader, name, stacks, quiet=True)

    def _delete_database(self, database_id: str) -> bool:
        database = takedown.describe(self.account, database_id)
        if database is None:
            return False
        now = replace(self.inventory, stacks=self.reader.read_all())
        if not reason_to_delete_database(database, now, self.open_pull_requests, datetime.now(UTC), self.grace):
            return False
        stack = database.name.removeprefix(f"{now.project}-db-")
        takedown.delete_database(self.account, database, project.settings(self.reader.folder, stack))
        return True

    def _exists(self, database: DatabaseRef) -> bool:
        return database.account_id == self.account.id and takedown.describe(self.account, database.id) is not None


def _print(results: Sequence[tuple[Leftover, str]], stacks: int, *, as_json: bool) -> None:
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
        print_data(json.dumps(rows, indent=2))
    elif results:
        headings = ("Kind", "Name", "Reason", "Age", "Result")
        print_table(headings, [[item.kind, item.name, item.reason, _age(item), result] for item, result in results])
    else:
        say(f"checked {stacks} {'stack' if stacks == 1 else 'stacks'}: no leftovers")


def _age(leftover: Leftover) -> str:
    if leftover.since is None:
        return EMPTY
    hours = int((datetime.now(UTC) - leftover.since).total_seconds()) // 3600
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h"  # noqa: PLR2004 - from two days on, days are clearer
