"""`d1 ephemeral up`: create an environment, or migrate it and extend its lifetime."""

from __future__ import annotations

import json
from contextlib import chdir
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.cli.support.pulumi_process import capture, capture_json, run
from pulumi_d1.cli.support.stack_inventory import StackReader, committed_stacks
from pulumi_d1.cli.support.stack_state import configure, last_updates
from pulumi_d1.cli.support.stack_token import stack_account
from pulumi_d1.cli.support.takedown import find_unowned, reason_to_spare
from pulumi_d1.ephemeral.names import parse_stack_name
from pulumi_d1.ephemeral.ttl import DEFAULT_TTL, parse_ttl
from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from pulumi_d1.ephemeral.inventory import StackSummary
    from pulumi_d1.settings import Settings


@click.command()
@click.argument("name", metavar="NUMBER|STACK")
@click.option("--ttl", default="", metavar="TIME", help="Lifetime after its last run: 72h, 7d, never.")
@click.option("--json", "as_json", is_flag=True, help="Print the stack's outputs as JSON, and all else to stderr.")
def up(name: str, *, ttl: str, as_json: bool) -> None:
    r"""Create an environment, or migrate it again.

    Runs 'pulumi stack init' if the stack does not exist, and 'pulumi up', which creates the database, applies pending
    files and binds it. Adopts a database of its name that a killed run left behind, and replaces one that somebody
    deleted. Each run extends the environment's life. Without --ttl, the stack keeps its lifetime; a new one has 7d.

    Exit code: 0, 75 if another run has locked the stack, 1 for any other failure.

    \b
    Examples:
      d1 ephemeral up 12
      d1 ephemeral up 12 --ttl 72h --json | jq -r .database_id
      d1 ephemeral up demo --ttl never
    """
    stack, folder = parse_stack_name(name), project.root()
    if ttl:
        parse_ttl(ttl)
    with chdir(folder):
        settings = project.settings(folder, stack)
        if stack in committed_stacks(folder):
            raise ConfigError(
                f"Pulumi.{stack}.yaml is committed, so the stack is not ephemeral: use 'pulumi up' for it"
            )
        reader = StackReader(folder)
        summary = reader.read(stack)
        _refuse_permanent(stack, summary, settings, ttl)
        if summary is None:
            _adoptable_id(reader, settings)  # refuse someone else's database before the stack exists
            _init(stack)
        lifetime = ttl or settings.ttl or (summary.ttl if summary else "") or settings.lifetime or DEFAULT_TTL
        if lifetime != settings.lifetime:
            configure(stack, "ttl", lifetime)
        adopted = "" if summary and summary.databases else _adoptable_id(reader, settings)
        if adopted != settings.adopt:
            configure(stack, "adopt", adopted)
        try:
            run("up", "--yes", "--skip-preview", "--suppress-outputs", "--refresh", stack=stack, quiet=as_json)
        finally:
            if adopted:
                configure(stack, "adopt", "")
        if as_json:
            print_data(json.dumps(capture_json("stack", "output", "--stack", stack, "--json"), indent=2))
        elif summary := reader.read(stack):
            names = ", ".join(f"{item.name} ({item.id})" for item in summary.databases)
            end = summary.expires.isoformat(timespec="seconds") if summary.expires else "never"
            say(f"{stack} is up: {names}; expires {end} unless it runs again")


def _refuse_permanent(stack: str, summary: StackSummary | None, settings: Settings, ttl: str) -> None:
    """Refuse a stack that nobody has made ephemeral.

    Raises:
        ConfigError: The stack is not ephemeral.
    """
    if settings.protect or (summary and summary.protected):
        raise ConfigError(f"stack '{stack}' is protected, so it is not ephemeral: use 'pulumi up' for it")
    if summary and summary.databases and not summary.ttl:
        option = f" --ttl {ttl}" if ttl else ""
        raise ConfigError(
            f"stack '{stack}' exists and has no ttl, so it is not ephemeral. To make it ephemeral: "
            f"'pulumi config set ttl 7d --stack {stack}', then 'd1 ephemeral up {stack}{option}'"
        )


def _init(stack: str) -> None:
    try:
        capture("stack", "init", stack, "--no-select")
    except ConfigError:
        if stack not in last_updates():  # otherwise another run has created it meanwhile
            raise


def _adoptable_id(reader: StackReader, settings: Settings) -> str:
    """Return the UUID of a database that a killed run created and no state contains, or `""` if there is none.

    Raises:
        ConfigError: The database may be someone else's.
    """
    account = stack_account(settings)
    database = find_unowned(reader, settings, account)
    if database and database.id != settings.adopt and (reason := reason_to_spare(database, settings, account)):
        stack = settings.environment
        raise ConfigError(
            f"there is a database {database.name} ({database.id}) already: {reason}. An ephemeral stack does not adopt "
            f"it: choose another name, or keep that database for good: 'pulumi stack init {stack}', "
            f"'d1 adopt --stack {stack}', 'pulumi up --stack {stack}'"
        )
    return database.id if database else ""
