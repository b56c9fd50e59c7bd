"""`d1 ephemeral list`: the ephemeral environments."""

from __future__ import annotations

import json
from contextlib import chdir
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.stack_inventory import StackReader, committed_stacks
from pulumi_d1.cli.support.table import EMPTY, print_table
from pulumi_d1.ephemeral.leftovers import reason_to_keep

if TYPE_CHECKING:
    from pulumi_d1.ephemeral.inventory import StackSummary


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def listing(*, as_json: bool) -> None:
    r"""List the ephemeral environments and when they expire.

    Reads Pulumi's state only.

    \b
    Examples:
      d1 ephemeral list
      d1 ephemeral list --json | jq -r '.[] | select(.expired).stack'
    """
    folder = project.root()
    with chdir(folder):
        stacks = StackReader(folder).read_all()
        committed = committed_stacks(folder)
    rows = [_row(stack) for stack in stacks if not reason_to_keep(stack, stacks, committed)]
    if as_json:
        print_data(json.dumps(rows, indent=2))
    elif not rows:
        say("no ephemeral environments")
    else:
        headings = ("Stack", "Database", "Last run", "Expires")
        keys = ("stack", "database", "updated", "expires")
        print_table(headings, [[row[key] or EMPTY for key in keys] for row in rows])


def _row(stack: StackSummary) -> dict[str, Any]:
    return {
        "stack": stack.name,
        "database": ", ".join(item.name for item in stack.databases),
        "database_id": ", ".join(item.id for item in stack.databases),
        "updated": stack.last_update.isoformat(timespec="seconds") if stack.last_update else None,
        "ttl": stack.ttl,
        "expires": stack.expires.isoformat(timespec="seconds") if stack.expires else None,
        "expired": stack.expires is not None and stack.expires <= datetime.now(UTC),
    }
